// SPDX-License-Identifier: Apache-2.0
// Each command, from its arguments to its exit code.
#pragma once

#include "node/arguments.hpp"
#include "node/config.hpp"
#include "node/exit_code.hpp"
#include "node/report.hpp"

namespace boato {

Exit run_node(const Arguments& arguments, const Config& config, Report& report);
Exit run_pub(const Arguments& arguments, const Config& config, Report& report);
Exit run_sub(const Arguments& arguments, const Config& config, Report& report);
Exit run_topic(const Arguments& arguments, const Config& config, Report& report);
Exit run_status(const Arguments& arguments, const Config& config, Report& report);
Exit run_peers(const Arguments& arguments, const Config& config, Report& report);
Exit run_topo(const Arguments& arguments, const Config& config, Report& report);
Exit run_filter(const Arguments& arguments, Report& report);
Exit run_doctor(const Arguments& arguments, const Config& config, Report& report);
Exit run_key(const Arguments& arguments, Report& report);
Exit run_config(const Arguments& arguments,
                Report& report);  // loads the config itself: that may be what fails

}  // namespace boato

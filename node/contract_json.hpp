// SPDX-License-Identifier: Apache-2.0
// Contracts in JSON, from the words people give, and in words.
#pragma once

#include <boato/result.hpp>
#include <boato/types.hpp>

#include "node/json.hpp"

#include <string>

namespace boato {

[[nodiscard]] Json to_json(const Contract& contract);

// Field by field over `start`: names and words of the contract, durations with unit or in microseconds.
[[nodiscard]] Result<Contract> contract_from(const Json& fields, Contract start = {});

// "reliable, fifo, memory, 3 replicas, retain 10m"
[[nodiscard]] std::string in_words(const Contract& contract);

}  // namespace boato

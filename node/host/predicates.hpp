// SPDX-License-Identifier: Apache-2.0
// Predicates, for programs that have no other business with the core: checked before a peer is asked, and
// explained.
#pragma once

#include "overlay/interest/explain.hpp"
#include "overlay/interest/limits.hpp"
#include "overlay/interest/predicate.hpp"

// SPDX-License-Identifier: Apache-2.0
// Everything a program that embeds a peer may include. Std only.
#pragma once

#include <boato/event.hpp>
#include <boato/peer.hpp>
#include <boato/result.hpp>
#include <boato/subscription.hpp>
#include <boato/topic.hpp>
#include <boato/types.hpp>
#include <boato/version.hpp>

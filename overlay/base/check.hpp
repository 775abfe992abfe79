// SPDX-License-Identifier: Apache-2.0
#pragma once

// Three kinds of trouble, three answers: our own mistake stops the program here; the caller's mistake is a
// Result; a bad peer is dropped and counted. Bytes from a peer that reach a BOATO_CHECK are a bug.

namespace boato {
[[noreturn]] void check_failed(const char* claim, const char* file, int line) noexcept;
}  // namespace boato

// Always on: a claim about our own code that costs O(1).
#define BOATO_CHECK(claim) ((claim) ? void() : ::boato::check_failed(#claim, __FILE__, __LINE__))

// On in tests, simulator and sanitizer builds: claims that cost more than O(1).
#ifdef BOATO_INVARIANTS
#define BOATO_DCHECK(claim) BOATO_CHECK(claim)
#else
#define BOATO_DCHECK(claim) void(sizeof((claim) ? 1 : 0))
#endif

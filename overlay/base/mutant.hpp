// SPDX-License-Identifier: Apache-2.0
// Planted faults: in builds with BOATO_MUTANTS a test can break one numbered rule, to prove that the
// simulator's checkers see it. In every other build the macro is the constant false and the broken branch is
// not compiled in.
#pragma once

#ifdef BOATO_MUTANTS
namespace boato {
extern int planted_mutant;  // 0 = none; set before any peer is made, one per process
}
#define BOATO_MUTANT(n) (::boato::planted_mutant == (n))
#else
#define BOATO_MUTANT(n) false
#endif

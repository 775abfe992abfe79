// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/mutant.hpp"

#ifdef BOATO_MUTANTS
namespace boato {
int planted_mutant = 0;
}
#endif

#pragma once

// What the compiler may use decides how panels are multiplied: every level of processors gets an
// addon of its own (binding.gyp).
#ifdef __AMX_BF16__
#include "tile-product.h"
#else
#include "vector-product.h"
#endif

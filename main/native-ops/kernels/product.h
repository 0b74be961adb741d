#pragma once

// The instruction set chooses the micro-kernel: each ISA has an addon of its own (binding.gyp).
#ifdef __AMX_BF16__
#include "tile-product.h"
#else
#include "vector-product.h"
#endif

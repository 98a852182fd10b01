/* SPDX-License-Identifier: BSD-3-Clause */
/* Under libFuzzer a violated property is a crash, so that the input is kept. */
#include <stdlib.h>

#include "fuzz.h"

void fuzz_failed(void)
{
    abort();
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which Unicorn this is, and which CPU it makes. */
#include "unicorn/engine.h"

const char *unicorn_name(void)
{
    unsigned major, minor;

    uc_version(&major, &minor);
    return major == 2 && minor == 0 ? "Unicorn 2.0"
           : major == 2             ? "Unicorn 2.1 or later"
                                    : "Unicorn";
}

const char *unicorn_model(void)
{
    return VCPU_MODEL;
}

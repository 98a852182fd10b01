/* SPDX-License-Identifier: BSD-3-Clause */
/* Nothing is left, and every interrupt is configured as its owner last wanted it. */
#include "demo.h"

void phase_end(void)
{
    drain();
    timers_stop();
    barrier();
    audit_own();
    if (this_cpu()->spurious)
        anomaly(&my_book()->wrong_state, "an acknowledge returned nothing", &ppis[me()][SW]);
}

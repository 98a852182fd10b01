/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the rules and the random ones add to the miniature VMM, for vCPUs by number. */
#ifndef TESTS_GICV5_HOST_H
#define TESTS_GICV5_HOST_H

#include "kit/vmm.h"

int machine_enter(struct vmm *m);
void machine_leave(struct vmm *m);

int sysreg_get(struct vmm *m, uint32_t vcpu, uint16_t encoding, uint64_t *value);
int sysreg_set(struct vmm *m, uint32_t vcpu, uint16_t encoding, uint64_t value);
int irs_get(struct vmm *m, uint32_t offset, uint64_t *value);
int irs_set(struct vmm *m, uint32_t offset, uint64_t value);

#endif

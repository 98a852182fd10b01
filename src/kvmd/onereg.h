/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST: registers by class. */
#ifndef KVMD_ONEREG_H
#define KVMD_ONEREG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvmd/uapi.h"
#include "vcpu/registers.h"

/* ---- core_registers.c ---- */
struct core_place {
    uint16_t size; /* bytes */
    uint16_t row;  /* enum vcpu_row */
    bool is_spsr;  /* then `spsr` */
    uint16_t spsr;
};
/* False: no register begins there. */
bool core_place(uint32_t offset, struct core_place *place);
size_t core_list(uint64_t *ids); /* NULL: only their number */

#endif

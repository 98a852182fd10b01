/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shifts and widths of every field, made from the field tables: IRS_IDR0_PA_RANGE_SHIFT, …_WIDTH.
 * FIELD_GET(IRS_IDR0_PA_RANGE, value) and the like work on them.
 */
#ifndef FACTS_FIELDS_H
#define FACTS_FIELDS_H

#include <stdint.h>

enum register_field_bits {
#define REGISTER_FIELD(reg, field, high, low) \
    reg##_##field##_SHIFT = (low), reg##_##field##_WIDTH = (high) - (low) + 1,
#include "facts/irs_fields.def"
#include "facts/iste_fields.def"
#include "facts/cpu_fields.def"
#undef REGISTER_FIELD
};

/* The largest value of a field; its bits in place; its value in v; v in its place. */
#define FIELD_MAX(field) (~UINT64_C(0) >> (64 - field##_WIDTH))
#define FIELD_MASK(field) (FIELD_MAX(field) << field##_SHIFT)
#define FIELD_GET(field, v) ((uint64_t)(v) >> field##_SHIFT & FIELD_MAX(field))
#define FIELD_PREP(field, v) (((uint64_t)(v)&FIELD_MAX(field)) << field##_SHIFT)

#endif

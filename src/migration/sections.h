/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sections of a state, and their fields.
 *
 *   gic 0         abi (text), addr, nr_spis, vcpu_ids (u32 each, in the order of creation)
 *   irs 0         the registers of the frame, by name; id = offset
 *   spi 0         iste (u32 each), tm (a bit each), wires (a bit each; absent: the VMM knows them)
 *   lpi 0         iste (u32 each): only where guest memory does not hold them
 *   icc <vCPU>    IRS_PE_CR0 and the 26 registers of GRP_CPU_SYSREGS, by name; id = encoding
 *
 * Everything in bytes is little-endian, bit n of a bitmap is bit n%8 of byte n/8.
 */
#ifndef MIGRATION_SECTIONS_H
#define MIGRATION_SECTIONS_H

#include "migration/internal.h"

#define SECTION_VERSION 1u

#define SECTION_GIC "gic"
#define SECTION_IRS "irs"
#define SECTION_SPI "spi"
#define SECTION_LPI "lpi"
#define SECTION_ICC "icc"

#define FIELD_ABI "abi"
#define FIELD_ADDR "addr"
#define FIELD_NR_SPIS "nr_spis"
#define FIELD_VCPU_IDS "vcpu_ids"
#define FIELD_ISTE "iste"
#define FIELD_TM "tm"
#define FIELD_WIRES "wires"

#endif

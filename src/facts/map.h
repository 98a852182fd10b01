/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest-physical map of QEMU's virt machine: the machine's, and that of every small VM here. */
#ifndef FACTS_MAP_H
#define FACTS_MAP_H

#define MAP_IRS_BASE 0x08010000u /* CONFIG frame, SETLPI frame behind it */
#define MAP_PL011_BASE 0x09000000u
#define MAP_PL031_BASE 0x09010000u
#define MAP_RAM_BASE 0x40000000u

#define SPI_PL011 1u
#define SPI_PL031 2u

#endif

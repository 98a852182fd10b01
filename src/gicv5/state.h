/* SPDX-License-Identifier: BSD-3-Clause */
/* All state of one IRS and its CPU interfaces. */
#ifndef GICV5_STATE_H
#define GICV5_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "gicv5/block.h"
#include "gicv5/candidates.h"
#include "gicv5/directory.h"
#include "gicv5/gicv5.h"
#include "gicv5/host_table.h"
#include "gicv5/lock.h"
#include "gicv5/services.h"
#include "gicv5/pool.h"

#define NR_PPIS 128u
#define PPI_WORDS 2u
#define MAX_SPI_BLOCKS 16u

/* An SPI has, beside what every interrupt has, a wire, and a mode that says which of its changes
 * are events. */
struct spi_block {
    struct block block;
    uint64_t wire;
    uint64_t tm; /* 1: level */
};

/* 128 PPIs, bit-sliced. A level PPI's Pending is its wire. */
struct ppis {
    uint64_t enable[PPI_WORDS];
    uint64_t pending[PPI_WORDS];
    uint64_t active[PPI_WORDS];
    uint64_t wire[PPI_WORDS];
    uint64_t priority[PRIORITY_PLANES][PPI_WORDS];
    uint32_t priorities; /* the bit of the best candidate's priority; 0: there is none */
    uint32_t best;       /* the best candidate */
};

struct gicv5_pe {
    _Alignas(64) struct gicv5 *gic;
    struct lock lock;
    uint32_t threshold; /* priorities below this number are signalled: of EN, PCR and APR */
    uint32_t forwarded; /* priorities that the IRS forwards: all, or none (IRSEN = 0) */
    uint32_t apr;
    uint32_t pcr;
    uint64_t icsr;
    enum vgic5_line line;
    uint16_t iaffid;
    uint16_t index; /* in gicv5.pes */
    bool enabled;   /* ICC_CR0.EN */
    bool nmi;       /* SCTLR_EL1.NMI */
    struct ppis ppis;
    struct leaf_tree spis;
    struct leaf_tree lpis;
    struct leaf spi_leaf[MAX_SPI_BLOCKS];
};

/* Of the LPIs, what is not in guest memory. */
struct held {
    struct directory blocks;
    struct pool pool; /* where they are */
    struct host_table table;
};

/* The LPI IST that is live, and the blocks of it that the IRS holds. */
struct ist {
    bool live;
    bool two_level;
    uint8_t id_bits;
    uint8_t entry_shift; /* log2 of bytes per entry */
    uint8_t l2_bits;     /* log2 of entries per L2 table */
    uint64_t base;
    struct held held;
};

struct gicv5 {
    struct services services;
    struct gicv5_config config;

    uint32_t identity[IRS_NR_ROWS]; /* what the read-only registers read */
    uint32_t priority_mask;         /* the bits of Priority that this IRS has */

    bool irsen;
    uint32_t cr1;
    uint32_t spi_selr;
    uint32_t pe_selr;
    uint32_t ist_cfgr;
    uint64_t ist_baser;
    struct ist ist;

    struct spi_block *spis;
    uint32_t nr_spi_blocks;

    struct gicv5_pe **pes; /* nr_pes of them, and `nowhere` as the last */
    uint32_t nr_pes;
    struct gicv5_pe *nowhere; /* has the interrupts whose IAFFID no PE has */
    uint16_t *pe_index;       /* by IAFFID: index into pes */
    uint32_t nr_iaffids;

    _Alignas(64) struct lock loading; /* who adds a block to the directory */
};

/* The PE that owns Pending and Active of the interrupts with this IAFFID. */
static inline struct gicv5_pe *owner_of(const struct gicv5 *gic, uint32_t iaffid)
{
    return iaffid < gic->nr_iaffids ? gic->pes[gic->pe_index[iaffid]] : gic->nowhere;
}

#endif

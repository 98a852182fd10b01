/* SPDX-License-Identifier: BSD-3-Clause */
/* The neutral state, and what the files of this room share. */
#ifndef MIGRATION_INTERNAL_H
#define MIGRATION_INTERNAL_H

#include <vgic5/migration.h>

#include "facts/config_ranges.h"
#include "facts/error.h"
#include "facts/fields.h"
#include "facts/masks.h"
#include "facts/registers.h"

/* ---- registers.c: what a state carries --------------------------------------------------------
 */

/* Does a state hold this register once for the whole frame? (All that is carried, but what is
 * carried once for each PE or SPI.) */
bool migration_irs_is_global(enum irs_row row);

struct sysreg {
    const char *name;
    uint16_t encoding;
    uint64_t bits; /* those that are not RES0 with 64 PPIs */
};
/* The n-th of them, n below NR_SYSREGS. */
struct sysreg migration_sysreg(unsigned n);

/* ---- state.c --------------------------------------------------------------------------------- */

#define SPI_WORDS (VGIC5_NR_SPIS_MAX / 64u)

struct state_vcpu {
    uint32_t id;
    uint64_t pe_cr0;
    uint64_t icc[NR_SYSREGS];
};

struct vgic5_state {
    uint32_t abi;
    uint32_t nr_spis;
    uint64_t addr;
    uint64_t irs[IRS_NR_ROWS];       /* where migration_irs_is_global */
    uint32_t spi[VGIC5_NR_SPIS_MAX]; /* ISTE words */
    uint64_t tm[SPI_WORDS];          /* IRS_SPI_CFGR.TM of each SPI */
    uint64_t wires[SPI_WORDS];
    bool has_wires; /* the port could tell them */
    uint32_t nr_vcpus;
    struct state_vcpu *vcpus;
    size_t nr_lpis; /* words of the LPI image */
    uint32_t *lpis; /* NULL: in guest memory, or no LPI IST */
};

struct vgic5_state *state_new(void);
/* Room for vCPUs (zeroed), and for the LPI image. -ENOMEM with `error` filled. */
int state_set_nr_vcpus(struct vgic5_state *state, uint32_t number, struct vgic5_error *error);
int state_set_nr_lpis(struct vgic5_state *state, size_t words, struct vgic5_error *error);
/* The vCPU with this id, or NULL. */
struct state_vcpu *state_vcpu(const struct vgic5_state *state, uint32_t id);
/* LPIs of the IST that IST_BASER and IST_CFGR name; 0: none. */
size_t state_ist_lpis(const struct vgic5_state *state);
/* check.c: the bits of an ISTE that this state can have. */
uint32_t state_iste_bits(const struct vgic5_state *state);

static inline bool bit_of(const uint64_t *words, uint32_t n)
{
    return words[n / 64] >> n % 64 & 1u;
}

static inline void set_bit_of(uint64_t *words, uint32_t n)
{
    words[n / 64] |= UINT64_C(1) << n % 64;
}

/* ---- port.c ---------------------------------------------------------------------------------- */

/* `port` with everything that `given` lacks as NULL. -EINVAL, BUG. */
int migration_port_open(struct vgic5_port *port, const struct vgic5_port *given,
                        struct vgic5_error *error);

#endif

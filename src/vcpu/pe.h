/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A PE: a vCPU of some engine with what belongs to it whoever hosts it: its CPU interface of the
 * VGICv5, its generic timers, its identity, and how it goes on and off.
 */
#ifndef VCPU_PE_H
#define VCPU_PE_H

#include <vgic5/device.h>

#include "vcpu/psci.h"
#include "vcpu/timer.h"
#include "vcpu/vcpu.h"

enum pe_timer { PE_TIMER_VIRTUAL, PE_TIMER_PHYSICAL, NR_PE_TIMERS };

/* An identification register: what is kept of the engine's value, and what is set. */
struct pe_id_override {
    uint16_t encoding;
    uint64_t keep, set;
};
/* Those of a PE with GICv5, without EL2, EL3, AArch32, SVE, MTE, a PMU and random numbers. */
const struct pe_id_override *pe_ids_gicv5(size_t *n);

/* What all PEs of a host share. */
struct pe_host {
    /* The counter behind `instructions` executed, which matter in deterministic mode only. */
    uint64_t (*counter)(void *opaque, uint64_t instructions);
    /* A timer was written from inside `run`: the next deadline may be another one. */
    void (*deadline_changed)(void *opaque);
    /* A GIC instruction or register access was carried out. NULL: nobody wants to know. */
    void (*gic_access)(void *opaque, uint64_t instructions, const struct vcpu_sysreg *access);
    const struct pe_id_override *ids;
    size_t nr_ids;
};

struct pe {
    uint32_t id; /* vCPU id, IAFFID */
    struct vgic5_vcpu *gic;
    struct vcpu *vcpu; /* NULL: it is off */
    bool line;         /* of the interrupt, as the GIC last drove it */
    struct timer timers[NR_PE_TIMERS];
    const struct pe_host *host;
    void *opaque; /* of the host's functions */
};

/* pe_power.c */
/* In the reset state; what it executes is the caller's. `host` gets its MMIO and registers. */
int pe_on(struct pe *pe, struct vcpu_engine *engine, const struct vcpu_host *host,
          struct vgic5_error *error);
/* A PE that is off has no state: nothing of it is left, in the GIC neither. */
void pe_off(struct pe *pe);
void pe_set_line(struct pe *pe, enum vgic5_line line);
/* The call that it has made by HVC is decided, and its answer, if any, is in X0. What else there is
 * to do is the caller's. */
struct psci_result pe_psci(struct pe *pe, const struct psci_machine *machine);

/* pe_sysreg.c: for vcpu_host.sysreg and .answers */
enum vcpu_sysreg_result pe_sysreg(struct pe *pe, struct vcpu_sysreg *access);
bool pe_answers(uint16_t encoding);
/* The n-th register of vcpu_identity, as a guest reads it. */
uint64_t pe_identity(const struct pe_host *host, const struct vcpu_engine *engine, size_t n);

/* pe_timers.c */
enum vcpu_sysreg_result pe_timer_access(struct pe *pe, struct vcpu_sysreg *access);
/* The wires, as they have to be at this counter value. True: one has risen. */
bool pe_drive_timers(struct pe *pe, uint64_t counter);
/* The counter value at which the next wire has to rise, or COUNTER_NEVER. */
uint64_t pe_deadline(const struct pe *pe);

#endif

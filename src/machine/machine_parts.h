/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the machine: its vCPUs, its devices, its clock. */
#ifndef MACHINE_MACHINE_PARTS_H
#define MACHINE_MACHINE_PARTS_H

#include "facts/error.h"
#include "machine/bus.h"
#include "machine/clock.h"
#include "machine/machine.h"
#include "vcpu/memory.h"
#include "machine/panic.h"
#include "machine/pl011.h"
#include "machine/pl031.h"
#include "vcpu/timer.h"
#include "vcpu/vcpu.h"

/* Instructions that a vCPU runs before the next one gets its turn. Part of a snapshot: it decides
 * what happens when. */
#define SLICE_LENGTH 20000u

enum cpu_timer { CPU_TIMER_VIRTUAL, CPU_TIMER_PHYSICAL, NR_CPU_TIMERS };

/* One vCPU of the machine, and what belongs to it beside the PE itself. */
struct cpu {
    struct machine *machine;
    uint32_t id; /* vCPU id, IAFFID */
    struct vgic5_vcpu *gic;
    struct vcpu_host host;
    struct vcpu *vcpu; /* NULL: it is off */
    bool waiting;      /* in WFI */
    bool line;         /* of the interrupt, as the GIC last drove it */
    struct timer timers[NR_CPU_TIMERS];
};

/* What printing has to do with the machine: output in pieces, and a text to look for. */
struct printer {
    uint8_t bytes[256];
    size_t n;
    const char *text; /* NULL: none */
    size_t matched;
    bool found;
};

struct machine {
    struct memory ram;
    struct vgic5 *gic;
    struct pl011 *uart;
    struct pl031 *rtc;
    struct bus_device devices[3];
    size_t nr_devices;
    const struct vcpu_engine_ops *engine_ops;
    struct vcpu_engine *engine;
    struct guest_clock clock;
    struct machine_console console;
    struct machine_trace trace;
    struct printer printer;
    struct panic_watch panic;
    uint64_t input_bytes; /* that the guest's UART has been given */
    uint32_t nr_spis;

    struct cpu *cpus;
    uint32_t nr_cpus;
    uint16_t *cpu_of_id; /* index by vCPU id, for the GIC's line */
    uint32_t nr_ids;

    uint32_t current;     /* index of the vCPU whose turn it is */
    uint64_t slice_start; /* instruction count at which its turn began */
    uint64_t slice_length;
    uint64_t turns;    /* of the run loop; no state */
    uint64_t deadline; /* counter value at which the next timer fires */

    bool ended;
    struct machine_stopped end;
};

/* machine_gic.c */
struct vgic5_host machine_gic_host(void);
/* The CPU interface of a vCPU that is powered off, as it was created. */
void machine_gic_reset_cpu(struct cpu *cpu);
/* The interrupt lines, as the GIC has them now. */
void machine_gic_refresh_lines(struct machine *machine);
int machine_gic_configure(struct machine *machine, struct vgic5_error *error);

/* devices.c */
int machine_create_devices(struct machine *machine);
uint64_t machine_mmio_read(void *opaque, uint64_t address, unsigned size);
void machine_mmio_write(void *opaque, uint64_t address, unsigned size, uint64_t value);
void machine_print(void *opaque, uint8_t byte);
void machine_flush_output(struct machine *machine);
/* True: there was some. */
bool machine_poll_input(struct machine *machine);
/* Can there be any, as the guest is now? */
bool machine_awaits_input(const struct machine *machine);

/* sysreg.c */
bool machine_answers(uint16_t encoding);
/* The n-th register of vcpu_identity, as a guest reads it. */
uint64_t machine_identity(const struct machine *machine, size_t n);
enum vcpu_sysreg_result machine_sysreg(void *opaque, struct vcpu_sysreg *access);

/* timers.c */
enum vcpu_sysreg_result machine_timer_access(struct cpu *cpu, struct vcpu_sysreg *access);
/* Drive every timer's wire as it has to be now, and find the next deadline. */
void machine_update_timers(struct machine *machine);
void machine_find_deadline(struct machine *machine);
/* The deadline may have come nearer, while a vCPU runs. */
void machine_deadline_changed(struct machine *machine);
/* The devices hear the time. */
void machine_tell_time(struct machine *machine);
bool machine_deadline_is_over(const struct machine *machine);

/* power.c */
int machine_cpu_on(struct cpu *cpu,
                   struct vgic5_error *error); /* reset state; the rest is the caller's */
void machine_cpu_off(struct cpu *cpu);
void machine_psci(struct cpu *cpu);
void machine_semihosting(struct cpu *cpu);
void machine_end(struct machine *machine, enum machine_stop why);
__attribute__((format(printf, 2, 3))) void machine_stuck(struct machine *machine,
                                                         const char *format, ...);

#endif

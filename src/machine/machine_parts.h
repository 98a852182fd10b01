/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the machine: its vCPUs, its devices, its clock. */
#ifndef MACHINE_MACHINE_PARTS_H
#define MACHINE_MACHINE_PARTS_H

#include "facts/error.h"
#include "machine/bus.h"
#include "machine/clock.h"
#include "machine/host_time.h"
#include "machine/machine.h"
#include "vcpu/memory.h"
#include "machine/panic.h"
#include "machine/pl011.h"
#include "machine/pl031.h"
#include "machine/tree.h"
#include "vcpu/pe.h"

/* Instructions that a vCPU runs before the next one gets its turn. Part of a snapshot: it decides
 * what happens when. */
#define SLICE_LENGTH 20000u

/* One vCPU of the machine, and what belongs to it beside the PE itself. */
struct cpu {
    struct machine *machine;
    struct pe pe;
    struct vcpu_host host;
    bool waiting; /* in WFI */
    bool called;  /* its timer has fired, and it has not had a turn since; no state */
    bool served;  /* it has had a turn for that, and no regular turn has come since */
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
    struct memory_map map; /* of it, for the engine */
    struct vgic5 *gic;
    struct pl011 *uart;
    struct pl031 *rtc;
    struct bus_device devices[3];
    size_t nr_devices;
    const struct vcpu_engine_ops *engine_ops;
    struct vcpu_engine *engine;
    struct pe_host pe_host;
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
    uint32_t turn; /* whose regular turn it is, or was last: where the round goes on */
    uint32_t nr_called;
    bool has_served;
    bool turn_is_over;
    uint64_t turn_began;        /* real time: the counter, at the last look before */
    bool is_looking;            /* what happens now comes from the host */
    uint64_t turns;             /* of the run loop, since … */
    uint64_t looked_at;         /* … the last look at the host: instructions executed then */
    uint64_t alarm;             /* when it rings, in the host's time; UINT64_MAX: it does not */
    struct host_time host_time; /* unless the time is the caller's */
    uint64_t deadline;          /* counter value at which the next timer fires */

    bool ended;
    struct machine_stopped end;
};

/* cpus.c */
uint32_t machine_vcpu_id(const struct machine_config *config, uint32_t index);
int machine_create_cpus(struct machine *machine, const struct machine_config *config);

/* machine_gic.c */
struct vgic5_host machine_gic_host(void);
/* The interrupt lines, as the GIC has them now. */
void machine_gic_refresh_lines(struct machine *machine);
int machine_gic_configure(struct machine *machine, struct vgic5_error *error);
void machine_gic_node(struct tree *tree);

/* devices.c */
int machine_create_devices(struct machine *machine);
uint64_t machine_mmio_read(void *opaque, uint64_t address, unsigned size);
void machine_mmio_write(void *opaque, uint64_t address, unsigned size, uint64_t value);

/* console.c */
void machine_print(void *opaque, uint8_t byte);
void machine_flush_output(struct machine *machine);
/* True: there was some. */
bool machine_poll_input(struct machine *machine);
/* Can there be any, as the guest is now? */
bool machine_awaits_input(const struct machine *machine);

/* time.c */
/* Drive every timer's wire as it has to be now, and find the next deadline. */
void machine_update_timers(struct machine *machine);
void machine_find_deadline(struct machine *machine);
/* The deadline may have come nearer, while a vCPU runs. */
void machine_deadline_changed(struct machine *machine);
void machine_timer_node(struct tree *tree);
/* The devices hear the time. */
void machine_tell_time(struct machine *machine);
bool machine_deadline_is_over(const struct machine *machine);

/* turns.c */
bool machine_is_runnable(const struct cpu *cpu);
bool machine_can_run(const struct machine *machine); /* any of its vCPUs */
/* The next vCPU that can run, the present one last. False: none can. */
bool machine_take_turns(struct machine *machine);
/* Its timer has fired, or the host has brought it an interrupt: in real time it goes first. */
void machine_call(struct cpu *cpu);
/* Let `current` be who runs now. False: nobody can. */
bool machine_choose(struct machine *machine);

/* alarm.c */
bool machine_alarm_has_rung(const struct machine *machine);
void machine_set_alarm(struct machine *machine, uint64_t at); /* the host's time */
void machine_alarm_for_deadline(struct machine *machine);
/* From inside of a vCPU. */
void machine_hurry(struct cpu *cpu);

/* look.c */
/* Real time: is it time for machine_look? To be asked after each run of a vCPU. */
bool machine_has_to_look(struct machine *machine);
void machine_look_soon(struct machine *machine);
void machine_look(struct machine *machine);

/* power.c */
int machine_cpu_on(struct cpu *cpu,
                   struct vgic5_error *error); /* reset state; the rest is the caller's */
void machine_cpu_off(struct cpu *cpu);
void machine_psci(struct cpu *cpu);
void machine_psci_node(struct tree *tree);
void machine_semihosting(struct cpu *cpu);
void machine_end(struct machine *machine, enum machine_stop why);
__attribute__((format(printf, 2, 3))) void machine_stuck(struct machine *machine,
                                                         const char *format, ...);

#endif

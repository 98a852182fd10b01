/* SPDX-License-Identifier: BSD-3-Clause */
/* The software machine, as the tool sees it: create, boot or restore, run until, save, destroy. */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <vgic5/device.h>
#include <vgic5/snapshot.h>

struct machine;
struct vcpu_engine_ops;

struct machine_console {
    void (*output)(void *opaque, const uint8_t *bytes, size_t n);
    /* Up to n bytes of input that are there now; 0: none. NULL: never any. */
    size_t (*input)(void *opaque, uint8_t *bytes, size_t n);
    /* True: none will ever come again. NULL: it may. */
    bool (*input_ended)(void *opaque);
    void *opaque;
};

/* Told of each GIC instruction and each access to a GIC register, when it has been carried out. */
struct machine_trace {
    /* `instructions`: executed before this one. `encoding` by VGIC5_ENCODING. */
    void (*access)(void *opaque, uint64_t instructions, uint32_t vcpu_id, uint16_t encoding,
                   bool is_write, uint64_t value);
    void *opaque;
};

/*
 * The host's time, which a machine follows that is not deterministic. Called by the thread that
 * runs the machine.
 */
struct machine_time {
    uint64_t (*now)(void *opaque);                     /* nanoseconds; never backwards */
    void (*sleep)(void *opaque, uint64_t nanoseconds); /* at most */
    /* From this time on has_rung() is true, until the next call of set_alarm(). */
    void (*set_alarm)(void *opaque, uint64_t at);
    bool (*has_rung)(void *opaque); /* asked very often: to be cheap */
    void *opaque;
};

struct machine_config {
    const struct vcpu_engine_ops *engine; /* what runs its vCPUs (vcpu/vcpu.h) */
    uint32_t nr_vcpus;                    /* 1..VGIC5_MAX_VCPUS */
    const uint32_t *vcpu_ids;             /* NULL: 0, 1, 2, … */
    uint64_t ram_size;
    uint32_t nr_spis;
    struct vgic5_config gic;
    bool deterministic;
    struct machine_console console;
    struct machine_trace trace; /* access NULL: none */
    struct machine_time time;   /* now NULL: CLOCK_MONOTONIC */
};

/* 0 or a negative errno with `error` filled. */
int machine_create(const struct machine_config *config, struct machine **machine,
                   struct vgic5_error *error);
void machine_destroy(struct machine *machine);
/* Load a kernel, an initrd (may be NULL) and the device tree, and put vCPU 0 at the entry. */
int machine_boot(struct machine *machine, const char *kernel, const char *initrd,
                 const char *append, struct vgic5_error *error);

enum machine_stop {
    MACHINE_STOP_OFF,     /* PSCI SYSTEM_OFF */
    MACHINE_STOP_RESET,   /* PSCI SYSTEM_RESET */
    MACHINE_STOP_EXIT,    /* semihosting SYS_EXIT; see exit_status */
    MACHINE_STOP_INSN,    /* the instruction count was reached, exactly */
    MACHINE_STOP_TEXT,    /* the console text appeared */
    MACHINE_STOP_REQUEST, /* `interrupted` said so */
    MACHINE_STOP_STUCK,   /* the guest cannot leave its state; see message */
    MACHINE_STOP_BROKEN,  /* the engine has failed; see message. A save may fail */
};

struct machine_until {
    uint64_t insn;    /* instructions executed over all vCPUs; UINT64_MAX: never */
    const char *text; /* stop when the console has printed this; NULL: never */
    /* Asked before anything runs, then between slices: in real time once a millisecond or more
     * often. What it does before it says true is not the guest's time. May be NULL. */
    bool (*interrupted)(void *opaque);
    /* Real time, and nothing runs: to wait for so many nanoseconds (UINT64_MAX: for ever), or until
     * `interrupted` should be asked, or, with `input`, until the console has some. NULL: it is
     * looked for every 5 ms. */
    void (*wait)(void *opaque, uint64_t nanoseconds, bool input);
    void *opaque;
};

struct machine_stopped {
    enum machine_stop why;
    uint64_t exit_status;
    char message[512]; /* STUCK: vCPU, PC, ESR, … */
};

void machine_run(struct machine *machine, const struct machine_until *until,
                 struct machine_stopped *stopped);

uint64_t machine_instructions(const struct machine *machine);
/* Bytes of console input that the guest has been given, before a save too: a restored machine that
 * reads the same input goes on behind them. */
uint64_t machine_input_bytes(const struct machine *machine);
struct vgic5 *machine_gic(struct machine *machine);
void *machine_ram(struct machine *machine, uint64_t *base, uint64_t *size);

/*
 * The machine's own state (everything but the VGICv5 and RAM) as sections of fields:
 * "clock" 0, "pl011" 0, "pl031" 0, "panic" 0, "cpu" <vCPU id>. The stopped machine is not changed.
 */
int machine_save(struct machine *machine, struct vgic5_snapshot_writer *writer,
                 struct vgic5_error *error);
/* Into a machine that has just been created with the same configuration. Checks every section
 * before it changes anything. RAM and the VGICv5 are the caller's. */
int machine_load(struct machine *machine, const struct vgic5_snapshot *snapshot,
                 struct vgic5_error *error);
/* Would machine_load take it, registers of the engine included? `machine` is a new one, made of the
 * same configuration for nothing else, and of no use afterwards; its vCPUs are made one at a time.
 * Any thread, while others run. */
int machine_prove(struct machine *machine, const struct vgic5_snapshot *snapshot,
                  struct vgic5_error *error);
/* What the machine is, as a section ("machine" 0), and its configuration back. Whatever no machine
 * of this program can be is refused by then (UNFIT, every field that differs). vcpu_ids of
 * the result points into the snapshot; `engine` is what its vCPUs shall run on. */
int machine_config_save(struct machine *machine, const struct machine_config *config,
                        struct vgic5_snapshot_writer *writer, struct vgic5_error *error);
int machine_config_load(const struct vgic5_snapshot *snapshot, const struct vcpu_engine_ops *engine,
                        struct machine_config *config, struct vgic5_error *error);

/* Is this machine's CPU the one that the guest has seen? UNFIT, every register that differs.
 */
int machine_check_cpu(const struct machine *machine, const struct vgic5_snapshot *snapshot,
                      struct vgic5_error *error);

#endif

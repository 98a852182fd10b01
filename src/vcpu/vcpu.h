/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU: an AArch64 PE at EL1 and EL0 without EL2 and EL3, and what an engine must do to be one:
 * the table vcpu_engine_ops. Several engines can live in one program; whoever creates an engine
 * chooses, and nobody else knows which it is.
 *
 * Instructions are counted exactly. The engine takes interrupts, and returns when it is asked to,
 * only at *check points*: the starts of its blocks of straight-line code. A block that was entered
 * runs to its end before the next check point, also across a save and a restore in its middle, so
 * that the check points are a function of the saved state.
 */
#ifndef VCPU_VCPU_H
#define VCPU_VCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vcpu/memory.h"
#include "vcpu/registers.h"

/*
 * What the vCPUs of one machine share (the RAM, and what was learnt about the engine), and a vCPU.
 * Each engine has its own, which begin with `const struct vcpu_engine_ops *ops`.
 */
struct vcpu_engine;
struct vcpu;

enum vcpu_sysreg_result {
    VCPU_SYSREG_NATIVE,    /* not ours: the engine's own behaviour, its traps included */
    VCPU_SYSREG_DONE,      /* carried out; on a read `value` is the result */
    VCPU_SYSREG_UNDEFINED, /* Undefined Instruction exception */
};

/* MRS, MSR, SYS or SYSL, before any check of the exception level. */
struct vcpu_sysreg {
    uint16_t encoding; /* VGIC5_ENCODING */
    bool is_write;     /* MSR, SYS */
    uint8_t el;
    uint64_t value;
};

/* What happens outside of a vCPU. Called from inside vcpu_run only. */
struct vcpu_host {
    /* Physical addresses that are not RAM. `size` is that of the guest's access: 1, 2, 4 or 8. */
    uint64_t (*mmio_read)(void *opaque, uint64_t address, unsigned size);
    void (*mmio_write)(void *opaque, uint64_t address, unsigned size, uint64_t value);
    enum vcpu_sysreg_result (*sysreg)(void *opaque, struct vcpu_sysreg *access);
    /* May `sysreg` ever do something with this one? NULL: with any. The same for all vCPUs. */
    bool (*answers)(uint16_t encoding);
    /* Is the access to this address not to be carried out by the two above? A store into a range
     * that is read_only never is. Then `run` returns
     * VCPU_EXIT_MMIO at its instruction, with every register as before it, or VCPU_EXIT_STUCK if
     * the engine cannot (lets_leave). NULL: none is so. */
    bool (*leaves)(void *opaque, uint64_t address);
    /* Is a BRK, which has this syndrome, not to be taken by the guest? Then `run` returns
     * VCPU_EXIT_BREAK at it. NULL: none is so. */
    bool (*breaks)(void *opaque, uint32_t esr);
    void *opaque;
};

/* A device access with which `run` has come back, as the syndrome of an abort describes it. */
struct vcpu_mmio {
    uint64_t address; /* physical */
    uint64_t virtual; /* the same, as FAR_EL1 would have it; of a store that goes on in another page
                         where it begins */
    uint64_t value;   /* of a store: its bytes as they lie in memory, the first one lowest */
    uint8_t size;     /* 1, 2, 4, 8; 0: the instruction is none that has a syndrome */
    bool is_write;
};

/* An exception that is taken to EL1 at PC. */
struct vcpu_exception {
    bool is_serror; /* else it is synchronous */
    bool has_far;
    uint32_t esr;
    uint64_t far;
};

/*
 * How far to run, in instructions counted over all vCPUs. Whoever hosts it may change the limits
 * while the vCPU runs, and then calls vcpu_attention.
 */
struct vcpu_clock {
    uint64_t instructions; /* executed; the engine counts it up, block by block */
    uint64_t stop_at;      /* return when exactly this many have been executed */
    uint64_t check_at;     /* return from the first check point at or after this count */
};

enum vcpu_exit {
    VCPU_EXIT_STOP,        /* clock->stop_at, exactly */
    VCPU_EXIT_CHECK,       /* a check point at or after clock->check_at */
    VCPU_EXIT_WFI,         /* after a WFI */
    VCPU_EXIT_HVC,         /* after an HVC: the call is in X0 … */
    VCPU_EXIT_SEMIHOSTING, /* at an HLT #0xf000 at EL1 */
    VCPU_EXIT_MMIO,        /* at an access that `leaves`: see `mmio`, `complete` */
    VCPU_EXIT_BREAK,       /* at a BRK that `breaks` */
    VCPU_EXIT_SERROR,      /* at a check point, with PSTATE.A = 0 after set_serror */
    VCPU_EXIT_STUCK,       /* it cannot go on: `trouble` says why */
    VCPU_EXIT_BROKEN,      /* nor can it, since the engine has failed; get_state says -EIO when
                              its state is lost */
};

/* What an engine must be. Every member is there. `error` may be NULL. */
/* The CPU that every engine has to be: any arm64 CPU with what GICv5 asks for. */
#define VCPU_MODEL "max"

struct vcpu_engine_ops {
    const char *(*name)(void);
    const char *(*model)(void); /* of the CPU that it has to be */
    /* Learns and verifies what it must know; says what it did not find. The engine keeps `map` and
     * `clock`, which stay the caller's. 0 or a negative errno with `error` filled. */
    int (*create)(const struct memory_map *map, struct vcpu_clock *clock,
                  struct vcpu_engine **engine, struct vgic5_error *error);
    /* Another one, which knows what `like` has learnt. */
    int (*clone)(const struct vcpu_engine *like, const struct memory_map *map,
                 struct vcpu_clock *clock, struct vcpu_engine **engine, struct vgic5_error *error);
    /* The map has changed. No vCPU of it runs; each takes the new one before it does. */
    void (*remap)(struct vcpu_engine *engine);
    /* RAM is shared with other threads, be they vCPUs or a VMM's: barriers and atomics have to hold
     * towards them. Before the first vCPU. -ENOTSUP: they do not. */
    int (*share_memory)(struct vcpu_engine *engine);
    /* May a host have accesses that leave? */
    bool (*lets_leave)(const struct vcpu_engine *engine);
    void (*destroy)(struct vcpu_engine *engine); /* after its vCPUs */
    /* Its own value of the n-th register of vcpu_identity. */
    uint64_t (*identity)(const struct vcpu_engine *engine, size_t n);

    /* A PE in its reset state: EL1h, MMU off, interrupts masked. It keeps `host`. */
    int (*create_vcpu)(struct vcpu_engine *engine, const struct vcpu_host *host, struct vcpu **vcpu,
                       struct vgic5_error *error);
    void (*destroy_vcpu)(struct vcpu *vcpu);

    enum vcpu_exit (*run)(struct vcpu *vcpu);
    /* After VCPU_EXIT_MMIO: the access, and its end: a load's value is `value`, as vcpu_mmio has
     * it, and PC is behind the instruction, which counts as executed. */
    void (*mmio)(struct vcpu *vcpu, struct vcpu_mmio *mmio);
    void (*complete)(struct vcpu *vcpu, uint64_t value);
    /* The interrupt line. Taken at a check point at which PSTATE.I is 0. */
    void (*set_irq)(struct vcpu *vcpu, bool level);
    /* An SError is pending; at a check point at which PSTATE.A is 0 `run` returns. */
    void (*set_serror)(struct vcpu *vcpu, bool level);
    /* Another PE may have stored to what an exclusive load has marked: no exclusive store succeeds
     * before the next load. While it does not run. */
    void (*clear_monitor)(struct vcpu *vcpu);
    /* From inside a callback: the clock's limits have changed. */
    void (*attention)(struct vcpu *vcpu);
    /* From inside a callback: instructions executed before the present one. */
    uint64_t (*instructions)(const struct vcpu *vcpu);

    /* The engine's own value of a system register that it is known to have. */
    uint64_t (*native_register)(struct vcpu *vcpu, uint16_t encoding);
    unsigned (*exception_level)(struct vcpu *vcpu);
    uint64_t (*get_x)(struct vcpu *vcpu, unsigned n); /* X0 … X30; else 0 */
    void (*set_x)(struct vcpu *vcpu, unsigned n, uint64_t value);
    void (*set_pc)(struct vcpu *vcpu, uint64_t pc);
    /* PC is at its vector then. */
    void (*inject)(struct vcpu *vcpu, const struct vcpu_exception *exception);
    /* At a check point: does what it will execute go round, and do nothing but wait or yield? */
    bool (*is_in_empty_loop)(struct vcpu *vcpu);
    bool (*masks_interrupts)(struct vcpu *vcpu);
    /* Guest memory through the guest's own translation at EL1. 0 or -EFAULT. */
    int (*read_memory)(struct vcpu *vcpu, uint64_t address, void *to, size_t size);
    /* One line about where it is and what went wrong. */
    void (*trouble)(struct vcpu *vcpu, char *text, size_t size);

    /* All registers, in the order of vcpu_registers. 0 or -EIO. */
    int (*get_state)(struct vcpu *vcpu, struct vcpu_value *values);
    /* Into a vCPU that has just been created, what vcpu_check_state has found sound. 0 or -EIO. */
    int (*put_state)(struct vcpu *vcpu, const struct vcpu_value *values);
};

/* ---- The same, by way of the engine's table -----------------------------------------------------
 */

int vcpu_engine_create(const struct vcpu_engine_ops *ops, const struct memory_map *map,
                       struct vcpu_clock *clock, struct vcpu_engine **engine,
                       struct vgic5_error *error);
int vcpu_engine_clone(const struct vcpu_engine *like, const struct memory_map *map,
                      struct vcpu_clock *clock, struct vcpu_engine **engine,
                      struct vgic5_error *error);
void vcpu_engine_remap(struct vcpu_engine *engine);
int vcpu_engine_share_memory(struct vcpu_engine *engine);
bool vcpu_engine_lets_leave(const struct vcpu_engine *engine);
void vcpu_engine_destroy(struct vcpu_engine *engine); /* NULL: nothing */
const char *vcpu_engine_name(const struct vcpu_engine *engine);
uint64_t vcpu_engine_identity(const struct vcpu_engine *engine, size_t n);

int vcpu_create(struct vcpu_engine *engine, const struct vcpu_host *host, struct vcpu **vcpu,
                struct vgic5_error *error);
void vcpu_destroy(struct vcpu *vcpu); /* NULL: nothing */
enum vcpu_exit vcpu_run(struct vcpu *vcpu);
void vcpu_mmio(struct vcpu *vcpu, struct vcpu_mmio *mmio);
void vcpu_complete(struct vcpu *vcpu, uint64_t value);
void vcpu_set_irq(struct vcpu *vcpu, bool level);
void vcpu_set_serror(struct vcpu *vcpu, bool level);
void vcpu_clear_monitor(struct vcpu *vcpu);
void vcpu_attention(struct vcpu *vcpu);
uint64_t vcpu_instructions(const struct vcpu *vcpu);
uint64_t vcpu_native_register(struct vcpu *vcpu, uint16_t encoding);
unsigned vcpu_exception_level(struct vcpu *vcpu);
uint64_t vcpu_get_x(struct vcpu *vcpu, unsigned n);
void vcpu_set_x(struct vcpu *vcpu, unsigned n, uint64_t value);
void vcpu_set_pc(struct vcpu *vcpu, uint64_t pc);
void vcpu_inject(struct vcpu *vcpu, const struct vcpu_exception *exception);
/* An HLT #0xf000 that is not served. */
void vcpu_inject_undefined(struct vcpu *vcpu);
bool vcpu_is_in_empty_loop(struct vcpu *vcpu);
bool vcpu_masks_interrupts(struct vcpu *vcpu);
int vcpu_read_memory(struct vcpu *vcpu, uint64_t address, void *to, size_t size);
void vcpu_trouble(struct vcpu *vcpu, char *text, size_t size);
int vcpu_get_state(struct vcpu *vcpu, struct vcpu_value *values);
int vcpu_put_state(struct vcpu *vcpu, const struct vcpu_value *values);
/* The same, and reads it back. A register that the engine does not keep is -ENOTSUP with `error`
 * filled (UNFIT), naming `where` and it; an engine that does not take the state at all -EIO (BUG).
 */
int vcpu_put_state_checked(struct vcpu *vcpu, const struct vcpu_value *values, const char *where,
                           struct vgic5_error *error);
/* Can a new vCPU be put into this state, exactly? What a restore checks. `engine` is the caller's
 * own (vcpu_engine_clone, from before others run), so that vCPUs of another one may run meanwhile.
 * 0, or as vcpu_check_state, vcpu_create and vcpu_put_state_checked. */
int vcpu_prove_state(struct vcpu_engine *engine, const struct vcpu_value *values, const char *where,
                     struct vgic5_error *error);

#endif

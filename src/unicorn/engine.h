/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the parts of the Unicorn engine. Nothing outside of this room includes this. */
#ifndef ENGINE_UNICORN_H
#define ENGINE_UNICORN_H

#include <unicorn/unicorn.h>

#include <vgic5/device.h>

#include "facts/error.h"
#include "unicorn/guard.h"
#include "unicorn/transfer.h"
#include "unicorn/unicorn_engine.h"
#include "vcpu/registers.h"
#include "vcpu/vcpu.h"

#define PSTATE_EL(pstate) ((pstate) >> 2 & 3)
#define PSTATE_SP 0x1u
#define PSTATE_NRW 0x10u
#define PSTATE_I 0x80u
#define PSTATE_A 0x100u
#define PSTATE_D 0x200u
#define PSTATE_DAIF 0x3c0u
#define PSTATE_TCO (1u << 25)
#define PSTATE_DIT (1u << 24)
#define PSTATE_UAO (1u << 23)
#define PSTATE_PAN (1u << 22)
#define PSTATE_SSBS (1u << 12)
#define PSTATE_NZCV 0xf0000000u
#define PSTATE_EL1H 0x5u
#define PSTATE_RESET (PSTATE_DAIF | PSTATE_EL1H)

#define SCTLR_RESET 0x30d00800u /* the RES1 bits, MMU and caches off */
#define SCTLR_M (UINT64_C(1) << 0)
#define SCTLR_NTWI (UINT64_C(1) << 16)
#define SCTLR_SPAN (UINT64_C(1) << 23)
#define SCTLR_E0E (UINT64_C(1) << 24)
#define SCTLR_EE (UINT64_C(1) << 25)
#define SCTLR_DSSBS (UINT64_C(1) << 44)

/* Without SVE RES0; Unicorn would look for vector lengths, find none, and abort. */
#define CPACR_ZEN (UINT64_C(3) << 16)
#define MDSCR_KERNEL_STEPS UINT64_C(0x2001)

/* ESR_EL1 of an Undefined Instruction: EC 0, IL. */
#define ESR_UNDEFINED 0x02000000u
#define ESR_EC_SHIFT 26

/* Exceptions, as Unicorn numbers them. */
#define EXCEPTION_UNDEFINED 1u
#define EXCEPTION_PREFETCH_ABORT 3u
#define EXCEPTION_DATA_ABORT 4u
#define EXCEPTION_HVC 11u

#define INSN_HLT_SEMIHOSTING 0xd45e0000u
#define UNICORN_INSN_SVC_PROBE 0xd40b4b41u /* #0x5a5a */

/* What an uc_context holds that no call returns; learnt in calibrate.c. */
struct unicorn_layout {
    size_t syndrome; /* of the last exception: ESR (4), pad (4), FAR (8), target EL (4) */
    size_t monitor;  /* exclusive monitor: address, value, high (8 each) */
    size_t flags;    /* the cached CPU flags (4), where Unicorn does not keep them in step */
    bool flags_by_hand;
};

struct unicorn_features {
    bool pan, uao, ssbs, dit, tco;
};

typedef bool unicorn_fill_function(void *cpu, uint64_t address, int size, int access, int regime,
                                   bool is_probe, uintptr_t host_pc);

/* Where the present access is; see place.c. */
struct unicorn_place {
    size_t offset; /* of the host's PC in Unicorn's vCPU; 0: not known, and then: */
    bool searching;
    uint64_t expected; /* of the guest */
    uint8_t *candidates;
    bool (*restore)(void *cpu, uintptr_t host_pc, bool leaves);
    void (*leave)(void *cpu);    /* out of translated code; does not return */
    unicorn_fill_function *fill; /* Unicorn's; see read_only.c */
};

struct vcpu_engine {
    const struct vcpu_engine_ops *ops;
    const struct memory_map *map;
    unsigned map_version; /* counts its changes */
    struct vcpu_clock *clock;
    struct vcpu *vcpus; /* all that exist */
    struct unicorn_layout layout;
    struct unicorn_features features;
    struct unicorn_stores *stores; /* see stores.c */
    bool stores_directly;
    bool parallel, can_be_parallel, parallel_works, parallel_fails; /* see parallel.c */
    struct unicorn_place place;
    struct unicorn_bad_words bad;
    uint64_t most_code;                  /* bytes that a vCPU may have translated */
    uint64_t zero_block;                 /* bytes that DC ZVA zeroes */
    uint64_t identity[NR_VCPU_IDENTITY]; /* index as vcpu_identity has it */
    uint64_t plain[2][1024];   /* a bit per encoding: reads, writes that concern nobody here */
    uint64_t asked[2][1024];   /* those that Unicorn has been asked about; */
    uint64_t unknown[2][1024]; /* and does not know: see unknown.c */
};

/* Why uc_emu_start came back. */
enum unicorn_stop {
    UNICORN_WFI,   /* nobody stopped it: only WFI does that */
    UNICORN_LIMIT, /* stop_at, or trouble */
    UNICORN_CHECK,
    UNICORN_IRQ,
    UNICORN_SERROR,
    UNICORN_BLOCK_TOO_LONG, /* stop_at lies inside of the block */
    UNICORN_STEPPED,
    UNICORN_MAINTENANCE, /* code has to be forgotten before the next block, some or all */
    UNICORN_DEVICE,      /* an access leaves, at its instruction */
    UNICORN_EXCEPTION,
    UNICORN_FLAGS, /* its flags have not followed PSTATE.D */
    UNICORN_ABORT, /* its translator has aborted: the instance is lost, nothing else */
};

struct unicorn_exception {
    uint32_t number; /* Unicorn's */
    uint32_t esr;
    uint64_t far;
    bool to_el1;
};

/* Code that other vCPUs, or this one, may have translated, and that an IC instruction named. */
struct unicorn_stale {
    uint64_t address; /* physical */
    uint64_t size;    /* 0: none */
};

/* The page that was last written by DC ZVA; until any other system instruction, or exit. */
struct unicorn_window {
    uint8_t *host;   /* NULL: closed */
    uint64_t page;   /* virtual */
    uint32_t pstate; /* EL and PAN */
};

/* An access to a device comes in pieces; those of one that are still to come. */
struct unicorn_pieces {
    unsigned left; /* bytes; 0: the next piece begins another access */
    bool is_write;
    uint64_t next;  /* where: physical */
    uint64_t first; /* where bytes[0] is */
    uint8_t bytes[16];
    unsigned skip, unit; /* the access: unit bytes from bytes[skip] on, … */
    unsigned size;       /* … this many at once */
    bool crosses;        /* the next piece may be its rest, in another page */
};

/* How far the search for accesses has come in the block that runs; see search.c. */
struct unicorn_search {
    uint64_t when;   /* instructions counted at the start of that block */
    uint64_t cursor; /* the PC of the access last found … */
    unsigned unit;   /* … and the number of its units that are through, … */
    bool is_write;   /* … in this direction; atomics load, and then they store */
};

/*
 * Where stub and calibration run: pages of the vCPU's own, the last ones of the 44 bits of physical
 * address that the engine has, so that nobody else ever sees what is there.
 */
#define SCRATCH_BASE UINT64_C(0x0fffffff0000)
#define SCRATCH_SIZE UINT64_C(0x10000)

/* A range of RAM, or the scratch page, as this instance has it. */
struct unicorn_range {
    struct memory memory;
    uint64_t number; /* of its first byte, as Unicorn numbers RAM */
};

/* What lies between two ranges: devices. */
struct unicorn_gap {
    struct vcpu *vcpu;
    uint64_t base;
};

#define UNICORN_LOOP_REGISTERS 32

struct unicorn_cause {
    uint64_t pc, far;
    uint32_t esr; /* 0: none */
};

/* The last exception, how often it has been the same before, and the one in whose handler it is. */
struct unicorn_loop {
    struct unicorn_cause last, first;
    uint64_t at; /* instructions executed until the last one */
    uint32_t rounds;
    uint64_t registers[UNICORN_LOOP_REGISTERS];
};

struct vcpu {
    const struct vcpu_engine_ops *ops;
    struct vcpu_clock *clock; /* the engine's */
    struct vcpu_engine *engine;
    struct vcpu *next;
    const struct vcpu_host *host;
    uc_engine *uc;
    uc_context *context;          /* scratch */
    uint8_t *scratch;             /* the page at SCRATCH_BASE */
    struct unicorn_range *ranges; /* ascending by base; the scratch page is the last */
    size_t nr_ranges;
    struct unicorn_gap *gaps;
    unsigned map_version; /* of the engine's map, as it was mapped */
    uint64_t nr_pages;    /* of RAM, as Unicorn numbers it */
    void *cpu;            /* Unicorn's, once it has filled its TLB; and a bit for each page of */
    uint64_t *translated; /* RAM that holds code: with engine->stores_directly, else NULL */

    uint64_t pc;        /* while not inside uc_emu_start */
    uint64_t block;     /* where the instructions in flight begin */
    uint32_t in_flight; /* instructions that have begun, and are not counted yet */
    uint32_t rest;      /* instructions that remain of the block it was stopped in */
    uint64_t horizon;   /* count up to which blocks need no look at anything */

    uint64_t code;     /* bytes that its translations take, about */
    uint64_t moved_at; /* instructions counted when it last dropped them */
    bool irq, serror;
    bool in_stub;
    bool translating; /* a table walk of ours: devices keep out of it */
    bool stub_failed;
    bool stepping;
    bool el1_flags_known[2]; /* with PSTATE.PAN 0 and 1 */
    uint32_t el1_flags[2];
    uint32_t reset_flags; /* some flags of EL1h, good enough for an ERET */
    bool kernel_steps;    /* MDSCR_EL1.SS and KDE: PSTATE.D then matters to the flags */
    bool stepped;         /* that D was clear when it was last looked at */
    uint32_t step_left;
    bool broken, half;           /* Unicorn has aborted; and the state is not known */
    enum unicorn_end end;        /* of the last stay inside of Unicorn; */
    uint64_t aborted_block;      /* where it aborted */
    struct unicorn_guard *guard; /* of the access to a device under way */
    enum unicorn_stop stop;
    struct unicorn_exception exception;
    struct unicorn_stale stale;
    struct unicorn_pieces pieces;
    struct unicorn_search search;
    struct unicorn_window window;
    struct vcpu_mmio mmio; /* with which it has left */
    uint32_t mmio_insn;

    struct unicorn_loop loop;
    uint64_t fruitless_at; /* instruction count at the last exception */
    uint32_t fruitless;    /* exceptions since without an instruction in between */
    char trouble[240];
};

/* What is in the table of operations (engine.c): vcpu/vcpu.h says what each does. */
const char *unicorn_name(void);
const char *unicorn_model(void);
int unicorn_engine_create(const struct memory_map *map, struct vcpu_clock *clock,
                          struct vcpu_engine **engine, struct vgic5_error *error);
int unicorn_engine_clone(const struct vcpu_engine *like, const struct memory_map *map,
                         struct vcpu_clock *clock, struct vcpu_engine **engine,
                         struct vgic5_error *error);
void unicorn_engine_remap(struct vcpu_engine *engine);
void unicorn_engine_destroy(struct vcpu_engine *engine);
uint64_t unicorn_identity(const struct vcpu_engine *engine, size_t n);
int unicorn_create_vcpu(struct vcpu_engine *engine, const struct vcpu_host *host,
                        struct vcpu **vcpu, struct vgic5_error *error);
void unicorn_destroy_vcpu(struct vcpu *vcpu);
enum vcpu_exit unicorn_run(struct vcpu *vcpu);
void unicorn_set_irq(struct vcpu *vcpu, bool level);
void unicorn_set_serror(struct vcpu *vcpu, bool level);
void unicorn_clear_monitor(struct vcpu *vcpu);
void unicorn_attention(struct vcpu *vcpu);
uint64_t unicorn_instructions(const struct vcpu *vcpu);
uint64_t unicorn_native_register(struct vcpu *vcpu, uint16_t encoding);
unsigned unicorn_exception_level(struct vcpu *vcpu);
uint64_t unicorn_get_x(struct vcpu *vcpu, unsigned n);
void unicorn_set_x(struct vcpu *vcpu, unsigned n, uint64_t value);
void unicorn_set_pc(struct vcpu *vcpu, uint64_t pc);
void unicorn_inject(struct vcpu *vcpu, const struct vcpu_exception *exception);
bool unicorn_is_in_empty_loop(struct vcpu *vcpu);
bool unicorn_masks_interrupts(struct vcpu *vcpu);
int unicorn_read_memory(struct vcpu *vcpu, uint64_t address, void *to, size_t size);
void unicorn_trouble(struct vcpu *vcpu, char *text, size_t size);
int unicorn_get_state(struct vcpu *vcpu, struct vcpu_value *values);
int unicorn_put_state(struct vcpu *vcpu, const struct vcpu_value *values);

/* progress.c */
void unicorn_stop(struct vcpu *vcpu, enum unicorn_stop stop, uint64_t pc);
/* All instructions in flight were executed. */
void unicorn_retire_block(struct vcpu *vcpu, uint64_t next);
/* Count the instructions in flight that were executed, PC being the next one. */
void unicorn_retire(struct vcpu *vcpu, uint64_t pc);

/* instance.c */
/* Set up a machine's worth of Unicorn; NULL host: no hooks (for calibration). */
int unicorn_open(struct vcpu *vcpu, struct vgic5_error *error);
void unicorn_close(struct vcpu *vcpu);

/* reset.c */
/* unicorn_open, with hooks and in the reset state. */
int unicorn_create(struct vcpu *vcpu, struct vgic5_error *error);
/* What the host, or its Unicorn, does not have. */
#define unicorn_fail(error, result, ...) \
    error_set(error, VGIC5_CAUSE_ENVIRONMENT, result, __VA_ARGS__)

/* registers.c */
uint64_t unicorn_get(struct vcpu *vcpu, int reg);
void unicorn_set(struct vcpu *vcpu, int reg, uint64_t value);
uint32_t unicorn_get_pstate(struct vcpu *vcpu);
void unicorn_set_pstate(struct vcpu *vcpu, uint32_t pstate);
int unicorn_x(unsigned n); /* 0..30 */
bool unicorn_get_sysreg(struct vcpu *vcpu, uint16_t encoding, uint64_t *value);
bool unicorn_set_sysreg(struct vcpu *vcpu, uint16_t encoding, uint64_t value);

#define UNICORN_SCTLR_EL1 VGIC5_ENCODING(3, 0, 1, 0, 0)
#define UNICORN_SPSR_EL1 VGIC5_ENCODING(3, 0, 4, 0, 0)
#define UNICORN_ELR_EL1 VGIC5_ENCODING(3, 0, 4, 0, 1)
#define UNICORN_ESR_EL1 VGIC5_ENCODING(3, 0, 5, 2, 0)
#define UNICORN_FAR_EL1 VGIC5_ENCODING(3, 0, 6, 0, 0)
#define UNICORN_PAR_EL1 VGIC5_ENCODING(3, 0, 7, 4, 0)
#define UNICORN_CPACR_EL1 VGIC5_ENCODING(3, 0, 1, 0, 2)
#define UNICORN_MDSCR_EL1 VGIC5_ENCODING(2, 0, 0, 2, 2)
#define UNICORN_VBAR_EL1 VGIC5_ENCODING(3, 0, 12, 0, 0)

/* calibrate.c */
int unicorn_calibrate(struct vcpu_engine *engine, struct vgic5_error *error);

/* probe.c */
/* What it begins with: X0 has this, and each register up to X30 one more, but X8, the address of a
 * cell; and the cell. */
#define PROBE_X0 UINT64_C(0xabcd123400000000)
#define PROBE_CELL UINT64_C(0x5ee1c0de12345678)
#define PROBE_CELL_AT 0x100u /* in the scratch page */
/* Execute code, at most 256 bytes of it, in the scratch page until an exception, and keep the
 * context of that. Changes X0 to X30. */
uc_err unicorn_run_probe(struct vcpu *vcpu, const uint32_t *code, size_t size);

/* unknown.c */
/* Has Unicorn no such register to read, or to write? A hook that has done it must move PC then. */
bool unicorn_is_unknown(struct vcpu_engine *engine, uint16_t encoding, bool is_write);

/* flags.c: PSTATE and the flags that Unicorn derives from it */
struct unicorn_monitor {
    uint64_t address, value, high;
};
int unicorn_get_monitor(struct vcpu *vcpu, struct unicorn_monitor *monitor);
int unicorn_set_monitor(struct vcpu *vcpu, const struct unicorn_monitor *monitor);
uint32_t unicorn_peek32(const struct vcpu *vcpu, size_t offset);
uint64_t unicorn_peek64(const struct vcpu *vcpu, size_t offset);
/* Go to this PSTATE by an ERET of the guest's kind, so that everything follows. Clears the
 * exclusive monitor; SP_EL0, SP_EL1 and PC have to be put afterwards. -EIO: it did not arrive. */
int unicorn_eret_to(struct vcpu *vcpu, uint32_t pstate);
/* PSTATE has become `now`, at EL1: let the flags follow. */
int unicorn_flags_follow(struct vcpu *vcpu, uint32_t before, uint32_t now);
/* Has DAIFSet or DAIFClr changed whether a single step is due, and the flags do not know? */
bool unicorn_flags_are_late(struct vcpu *vcpu);

/* exception.c */
void unicorn_enter_el1(struct vcpu *vcpu, uint32_t vector, uint64_t return_address);
void unicorn_take_irq(struct vcpu *vcpu);
void unicorn_take_exception(struct vcpu *vcpu);

/* hooks.c */
int unicorn_add_hooks(struct vcpu *vcpu);
void unicorn_find_plain(struct vcpu_engine *engine, const struct vcpu_host *host);
void unicorn_on_code(uc_engine *uc, uint64_t address, uint32_t size, void *opaque);

/* maintenance.c: TLB and instruction cache maintenance for the other vCPUs */
/* A SYS instruction of this vCPU; it will then execute it itself. */
void unicorn_maintenance(struct vcpu *vcpu, uint16_t encoding, uint64_t value);
void unicorn_forget_stale(struct vcpu *vcpu);
void unicorn_forget_code(struct vcpu *vcpu, uint64_t physical, uint64_t size);

/* loop.c: an exception is about to be taken */
void unicorn_count_loop(struct vcpu *vcpu, uint32_t esr);
/* It cannot go on: what has happened so many times, and how it began. */
void unicorn_give_up(struct vcpu *vcpu, unsigned times, const char *what);

/* map.c */
int unicorn_map(struct vcpu *vcpu);
void unicorn_unmap(struct vcpu *vcpu);

/* memory.c */
/* The range that holds this physical address, the scratch page among them, or NULL. */
const struct unicorn_range *unicorn_range_at(const struct vcpu *vcpu, uint64_t physical);
/* An instruction at a physical address. */
bool unicorn_fetch_physical(const struct vcpu *vcpu, uint64_t physical, uint32_t *instruction);
/* The guest's translation of an address as for a read at EL1, to which all that is mapped at all is
 * readable: execute-only pages of EL0 too. */
bool unicorn_translate(struct vcpu *vcpu, uint64_t address, uint64_t *physical);
bool unicorn_fetch(struct vcpu *vcpu, uint64_t address, uint32_t *instruction);
/* By an AT instruction. */
bool unicorn_translate_as(struct vcpu *vcpu, uint16_t at, uint64_t address, uint64_t *physical);

/* zero.c: DC ZVA */
void unicorn_zero_find_block(struct vcpu *vcpu);
/* It was a DC ZVA, and is done. False: Unicorn is to execute it, and to find what is wrong. */
bool unicorn_zero_access(struct vcpu *vcpu, uint16_t encoding, uint64_t address);

/* full.c */
void unicorn_on_translation(uc_engine *uc, uc_tb *block, uc_tb *before, void *opaque);
bool unicorn_is_full(const struct vcpu *vcpu);

/* renew.c */
/* Drop all translations; not from inside of a hook. */
void unicorn_renew(struct vcpu *vcpu);
/* Leave an instance that has aborted. False: there is no other. */
bool unicorn_leave_aborted(struct vcpu *vcpu);

/* stores.c */
/* Sets engine->stores_directly, if all is as expected; with a vCPU that is good for nothing else.
 */
void unicorn_stores_try(struct vcpu *vcpu);
/* -ENOMEM. */
int unicorn_stores_clone(struct vcpu_engine *engine, const struct vcpu_engine *like);
void unicorn_stores_destroy(struct vcpu_engine *engine);
uc_err unicorn_stores_open(struct vcpu *vcpu);
void unicorn_stores_close(struct vcpu *vcpu);
/* The first part of what lies between two physical addresses from which code may have been
 * translated: from *start on. False: there is none. */
bool unicorn_find_code(const struct vcpu *vcpu, uint64_t *start, uint64_t end, uint64_t *size);

/* start.c */
/* From now on this thread is inside this vCPU, or (NULL) an instance that is none; returns whose it
 * was. For hooks that need an instance of their own: Unicorn's calls do not say whom they are for.
 */
struct vcpu *unicorn_inside(struct vcpu *vcpu);
struct vcpu *unicorn_inside_now(void);
/* uc_emu_start without limits. Sets vcpu->end. */
uc_err unicorn_start(struct vcpu *vcpu, uint64_t pc);

/* parallel.c: translated as for several threads */
int unicorn_parallel_try(struct vcpu *vcpu);
int unicorn_share_memory(struct vcpu_engine *engine);

/* place.c: the exact PC of an access to a device */
void unicorn_place_try(struct vcpu *vcpu);
void unicorn_place_probe(struct vcpu *vcpu);
/* Only once for each access. False: it is none of an instruction, but of a table walk. */
bool unicorn_place(struct vcpu *vcpu, uint64_t *pc);
/* It is here, for Unicorn has not come as far as to note it. */
void unicorn_place_is(struct vcpu *vcpu, uintptr_t host_pc);

/* search.c: where that is not known */
bool unicorn_search(struct vcpu *vcpu, uint64_t physical, bool is_write, uint32_t low,
                    struct unicorn_transfer *transfer);

/* syndrome.c: a device access that leaves */
bool unicorn_lets_leave(const struct vcpu_engine *engine);
/* Does not return if it does. False: it has to, and cannot; the vCPU is in trouble. */
bool unicorn_leave(struct vcpu *vcpu, uint64_t address, bool is_write);
void unicorn_mmio(struct vcpu *vcpu, struct vcpu_mmio *mmio);
void unicorn_complete(struct vcpu *vcpu, uint64_t value);

/* read_only.c: RAM that a guest cannot write */
bool unicorn_on_protected_store(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                                int64_t value, void *opaque);
/* The rights with which a page enters the TLB. Does not return if a store that leaves asks. */
int unicorn_rights(struct vcpu *vcpu, uint64_t page, int rights);

/* device.c: a piece of an access to what is not RAM */
uint64_t unicorn_device_read(struct vcpu *vcpu, uint64_t address, unsigned size);
void unicorn_device_write(struct vcpu *vcpu, uint64_t address, unsigned size, uint64_t value);

#endif

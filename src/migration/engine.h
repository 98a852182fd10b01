/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine: what a step works with (engine.c), and a sequence that runs them in the order of the
 * table (sequence.c). The functions that take an order of their own exist for those who examine the
 * rules: the tests.
 */
#ifndef MIGRATION_ENGINE_H
#define MIGRATION_ENGINE_H

#include "migration/internal.h"

/* What a restore has given to GRP_IST, for the step that reads it back. */
struct ist_given {
    bool is_known;
    uint32_t spis[VGIC5_NR_SPIS_MAX];
    size_t nr_lpis;
    const uint32_t *lpis; /* NULL: there are none, or nobody can read the guest's table */
    uint32_t *made;       /* the same, where it is not the state's own */
};

struct engine {
    const struct vgic5_port *port;
    struct vgic5_migration_options options; /* every default filled in */
    struct vgic5_error *error;
    struct vgic5_state *saved;          /* a save fills it */
    const struct vgic5_state *restored; /* a restore reads it */
    const struct vgic5_step *now;       /* the step that runs, for the words of an error */
    bool selectors_known;               /* a save has read PE_SELR and SPI_SELR, */
    bool selectors_moved;               /* and written over them */
    struct ist_given given;
};

/* A row of a table: the public part, what it waits for, and what it does. */
struct step {
    struct vgic5_step row;
    uint64_t needs[2]; /* under v1 and 7.4: a bit for the index of each step in its table */
    int (*run)(struct engine *engine, const struct vgic5_step *row);
    bool (*applies)(const struct vgic5_port *port); /* NULL: to every port */
};

/* The tables, one for each direction (plan_save.c, plan_restore.c). */
extern const struct step plan_save[];
extern const size_t plan_save_length;
extern const struct step plan_restore[];
extern const size_t plan_restore_length;

/* The steps of a plan that this port has a use for, in their order; at most PLAN_MOST. */
#define PLAN_MOST 64u
size_t plan_for_port(const struct vgic5_port *port, enum vgic5_direction direction,
                     const struct vgic5_step **order);

/* Exactly one step of the table, from its public part. */
const struct step *plan_step_of(const struct vgic5_step *row);

/*
 * Run these `n` rows of one direction. Unless `unchecked`, an order in which a step comes before
 * one that it needs is refused before anything is done, with a sentence that names both (-EINVAL,
 * BUG); so is one that leaves a needed step out, unless that one does not apply to every port.
 */
int engine_run(struct engine *engine, const struct vgic5_step *const *order, size_t n,
               bool unchecked);
int engine_check_order(uint32_t abi, const struct vgic5_step *const *order, size_t n,
                       struct vgic5_error *error);

/* vgic5_restore in another order than the table's; vgic5_state_check and vgic5_restore_check are
 * left out. */
int engine_restore_in_order(const struct vgic5_port *port, const struct vgic5_state *state,
                            const struct vgic5_migration_options *options,
                            const struct vgic5_step *const *order, size_t n, bool unchecked,
                            struct vgic5_error *error);
int engine_save_in_order(const struct vgic5_port *port,
                         const struct vgic5_migration_options *options,
                         const struct vgic5_step *const *order, size_t n, bool unchecked,
                         struct vgic5_state **state, struct vgic5_error *error);

/* ---- What a step works with (engine.c) ------------------------------------------------------- */

/* The register that a step of GRP_IRS_REGS names by its offset. */
enum irs_row plan_irs_row(const struct vgic5_step *row);

/* One call over the port: 0, or the device's errno. */
int engine_try(struct engine *engine, bool is_set, uint32_t group, uint64_t attr, void *payload);
/* The same, with a failure put into words. */
int engine_get(struct engine *engine, uint32_t group, uint64_t attr, void *payload);
int engine_set(struct engine *engine, uint32_t group, uint64_t attr, const void *payload);
/* A register of the frame, by its row in the table. */
int engine_get_irs(struct engine *engine, enum irs_row row, uint64_t *value);
int engine_set_irs(struct engine *engine, enum irs_row row, uint64_t value);
/* A register of a CPU interface: `index` is that of migration_sysreg. */
int engine_get_icc(struct engine *engine, uint32_t vcpu_id, unsigned index, uint64_t *value);
int engine_set_icc(struct engine *engine, uint32_t vcpu_id, unsigned index, uint64_t value);

/* loops.c, each until a visit fails: the vCPUs, and IRS_PE_SELR selects the n-th; the SPIs, and
 * IRS_SPI_SELR selects this one; the registers of the n-th vCPU's interface. */
int engine_each_pe(struct engine *engine, int (*visit)(struct engine *engine, uint32_t n));
int engine_each_spi(struct engine *engine, int (*visit)(struct engine *engine, uint32_t id));
int engine_each_icc(struct engine *engine,
                    int (*visit)(struct engine *engine, uint32_t n, unsigned index));

const char *engine_direction_name(enum vgic5_direction direction);
/* "step S3 (GRP_IST) of the save: …", the cause by the direction and the errno. */
int engine_fail(struct engine *engine, int ret, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void engine_warn(struct engine *engine, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The device is of another generation than its port says: -ENOTSUP. */
int engine_wrong_generation(struct engine *engine, uint32_t other);

/* An SPI whose handling mode is not its trigger mode: 7.4 carries the trigger mode alone. */
void engine_warn_modes(struct engine *engine, uint32_t spi, bool level_triggered);

/* ---- What the steps do (steps_save.c, steps_restore.c) --------------------------------------- */

int step_vmm(struct engine *engine, const struct vgic5_step *row);

int save_vcpus(struct engine *engine, const struct vgic5_step *row);
int save_nr_irqs(struct engine *engine, const struct vgic5_step *row);
int save_addr(struct engine *engine, const struct vgic5_step *row);
int save_irs(struct engine *engine, const struct vgic5_step *row);
int save_irs_again(struct engine *engine, const struct vgic5_step *row);
int save_wires(struct engine *engine, const struct vgic5_step *row);
int save_ist(struct engine *engine, const struct vgic5_step *row);
int save_status(struct engine *engine, const struct vgic5_step *row);
int save_pes(struct engine *engine, const struct vgic5_step *row);
int save_spis(struct engine *engine, const struct vgic5_step *row);
int save_modes(struct engine *engine, const struct vgic5_step *row);
int save_selector_back(struct engine *engine, const struct vgic5_step *row);
int save_sysregs(struct engine *engine, const struct vgic5_step *row);

int restore_vcpus(struct engine *engine, const struct vgic5_step *row);
int restore_addr(struct engine *engine, const struct vgic5_step *row);
int restore_nr_irqs(struct engine *engine, const struct vgic5_step *row);
int restore_init(struct engine *engine, const struct vgic5_step *row);
int restore_irs(struct engine *engine, const struct vgic5_step *row);
int restore_wires(struct engine *engine, const struct vgic5_step *row);
int restore_ist(struct engine *engine, const struct vgic5_step *row);
int restore_pes(struct engine *engine, const struct vgic5_step *row);
int restore_spis(struct engine *engine, const struct vgic5_step *row);
int restore_sysregs(struct engine *engine, const struct vgic5_step *row);
int restore_lines(struct engine *engine, const struct vgic5_step *row);
bool restore_lines_applies(const struct vgic5_port *port);
int restore_read_back(struct engine *engine, const struct vgic5_step *row);
bool restore_read_back_applies(const struct vgic5_port *port);
int restore_status(struct engine *engine, const struct vgic5_step *row);

#endif

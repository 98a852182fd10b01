/* SPDX-License-Identifier: BSD-3-Clause */
/* One check at work: a VM, and a verdict that the first surprise decides. */
#ifndef CONFORM_TRIAL_H
#define CONFORM_TRIAL_H

#include <errno.h>
#include <string.h>

#include <vgic5/conform.h>

#include "facts/fields.h"
#include "facts/map.h"
#include "facts/registers.h"

#define V1 (1u << VGIC5_ABI_V1)
#define V7_4 (1u << VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)

/* How far the life of the VM has come. */
enum life {
    LIFE_CREATED, /* no vCPU */
    LIFE_VCPUS,   /* two vCPUs, ids 3 and 17 */
    LIFE_ADDRESS, /* and GRP_ADDR */
    LIFE_INIT,    /* vCPUs, GRP_NR_IRQS = 64, CTRL_INIT; no GRP_ADDR */
    LIFE_READY,   /* and GRP_ADDR */
    LIFE_RUNNING, /* vCPU 17 is inside */
    LIFE_HAS_RUN, /* and has left */
};

#define NR_SPIS 64u
#define BAD_ADDR UINT64_C(1)
#define LPI_BITS 8u /* of the tables that checks make, where MIN_LPI_ID_BITS allows it */

struct trial {
    const struct vgic5_conform_ops *ops;
    void *vm;
    enum vgic5_conform_verdict verdict;
    char message[256];
    bool over; /* failed or skipped: what follows does nothing */
};

/* The first one counts. */
void trial_fail(struct trial *trial, const char *format, ...) __attribute__((format(printf, 2, 3)));
void trial_skip(struct trial *trial, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "set GRP_IST: 0, expected EBUSY". */
void expect_errno(struct trial *trial, int found, int expected, const char *what);
void expect_value(struct trial *trial, uint64_t found, uint64_t expected, const char *what);

/* ---- The VM ---------------------------------------------------------------------------------- */

void trial_live_until(struct trial *trial, enum life life);
/* GRP_NR_IRQS = 64, CTRL_INIT. */
void trial_initialise(struct trial *trial);

int try_has(struct trial *trial, uint32_t group, uint64_t attr);
int try_get(struct trial *trial, uint32_t group, uint64_t attr, void *payload);
int try_set(struct trial *trial, uint32_t group, uint64_t attr, const void *payload);
int try_set_u64(struct trial *trial, uint32_t group, uint64_t attr, uint64_t value);

/* These must succeed. */
uint64_t irs_get(struct trial *trial, enum irs_row row);
void irs_set(struct trial *trial, enum irs_row row, uint64_t value);
int try_irs_set(struct trial *trial, enum irs_row row, uint64_t value);
uint64_t sysreg_get(struct trial *trial, uint32_t vcpu_id, uint16_t encoding);
void sysreg_set(struct trial *trial, uint32_t vcpu_id, uint16_t encoding, uint64_t value);

/* A guest's access, of which Xt or the value read comes back. Skips where the port has no guest. */
uint64_t guest(struct trial *trial, uint32_t vcpu, uint16_t encoding, bool is_write,
               uint64_t value);
uint64_t guest_frame(struct trial *trial, enum irs_row row, bool is_write, uint64_t value);

/* ---- Interrupt state ------------------------------------------------------------------------- */

/* GRP_IST with the payload of the profile; `lpis` is NULL where there are none (and under v1). */
int try_ist_get(struct trial *trial, uint32_t *spis, uint32_t *lpis);
int try_ist_set(struct trial *trial, const uint32_t *spis, const uint32_t *lpis);
void ist_get(struct trial *trial, uint32_t *spis, uint32_t *lpis);
void ist_set(struct trial *trial, const uint32_t *spis, const uint32_t *lpis);
/* Name a linear LPI IST of LPI_BITS at the start of guest memory. Skips where that is not legal. */
void name_ist(struct trial *trial);

/* Everything that the attributes show of a VM that is READY and stands still, as a number. */
uint64_t trial_digest(struct trial *trial);

/* A buffer that ends where nothing is mapped: its last `size` bytes can be used. NULL: none. */
void *cliff_open(size_t size);
void cliff_close(void *at);

/* ---- Families of checks ---------------------------------------------------------------------- */

struct family {
    size_t (*length)(void);
    void (*describe)(size_t n, struct vgic5_conform_check *check);
    void (*run)(struct trial *trial, size_t n);
};
extern const struct family family_errno;
extern const struct family family_irs;
extern const struct family family_frame;
extern const struct family family_identity;
extern const struct family family_idr2;
extern const struct family family_sysregs;
extern const struct family family_ist;
extern const struct family family_ist_refused;
extern const struct family family_life;
extern const struct family family_restore;
extern const struct family family_guest;

/* A family whose checks are functions. */
struct named_check {
    const char *name, *row;
    uint32_t profiles;
    enum life life;
    void (*run)(struct trial *trial);
};
void describe_as(struct vgic5_conform_check *check, const char *name, const char *row,
                 uint32_t profiles);
#define NAMED_FAMILY(name_of, checks)                                          \
    static size_t checks##_length(void)                                        \
    {                                                                          \
        return sizeof(checks) / sizeof(checks[0]);                             \
    }                                                                          \
    static void checks##_describe(size_t n, struct vgic5_conform_check *check) \
    {                                                                          \
        describe_as(check, checks[n].name, checks[n].row, checks[n].profiles); \
    }                                                                          \
    static void checks##_run(struct trial *trial, size_t n)                    \
    {                                                                          \
        trial_live_until(trial, checks[n].life);                               \
        if (!trial->over)                                                      \
            checks[n].run(trial);                                              \
    }                                                                          \
    const struct family name_of = {checks##_length, checks##_describe, checks##_run}

#endif

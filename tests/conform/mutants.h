/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices that are broken on purpose: the model behind functions that do one thing wrong. */
#ifndef TESTS_CONFORM_MUTANTS_H
#define TESTS_CONFORM_MUTANTS_H

#include <vgic5/conform.h>

enum call { HAS, GET, SET };

struct mutant {
    const char *name;
    const char *row; /* that a check which fails must cite */
    uint32_t profiles;
    /* Instead of a call of the model's; NULL: as the model. */
    int (*attr)(void *vm, enum call call, const struct vgic5_attr *attr);
    int (*line)(void *vm, uint32_t irq, bool level);
    int (*enter)(void *vm, uint32_t vcpu_id, bool stays);
    int (*guest_register)(void *vm, uint32_t vcpu_id, uint16_t encoding, bool is_write,
                          uint64_t *value);
    int (*guest_mmio)(void *vm, struct vgic5_mmio *access);
};
extern const struct mutant mutants[];
extern const size_t nr_mutants;

/* The ops of a mutant; NULL: of the model behind the same functions. */
void mutant_ops(const struct mutant *mutant, const struct vgic5_config *config,
                struct vgic5_conform_ops *ops);

#endif

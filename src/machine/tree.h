/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device tree as it is being written, by each part of the board in turn. The first failure is
 * kept, and makes the rest do nothing: whoever writes a node need not ask.
 */
#ifndef MACHINE_TREE_H
#define MACHINE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whom other nodes name. */
#define PHANDLE_CLOCK 1u
#define PHANDLE_INTC 2u
#define PHANDLE_CPU 0x100u /* and behind */

/* #interrupt-cells = 3: type, id, flags. The type is that of the INTID. */
#define LEVEL_HIGH 4u

/* No larger than this (Linux arm64 booting). */
#define TREE_MAX ((uint64_t)2 << 20)

/* The machine that the tree describes. */
struct fdt_description {
    uint32_t nr_vcpus;
    const uint32_t *vcpu_ids; /* IAFFIDs; MPIDR by vgic5_mpidr_of_vcpu; NULL: 0, 1, 2, … */
    uint64_t ram_base, ram_size;
    const char *append;                /* chosen/bootargs, may be NULL */
    uint64_t initrd_start, initrd_end; /* 0, 0: none */
    bool pl031;
};

struct tree {
    const struct fdt_description *machine;
    void *blob;
    int error; /* FDT_ERR_* */
};

void tree_open(struct tree *tree, size_t size); /* of the blob */
void tree_close(struct tree *tree);

void tree_begin(struct tree *tree, const char *name);
__attribute__((format(printf, 2, 3))) void tree_begin_named(struct tree *tree, const char *format,
                                                            ...);
void tree_end(struct tree *tree);

void tree_put(struct tree *tree, const char *name, const void *value, size_t size);
void tree_put_text(struct tree *tree, const char *name, const char *text);
void tree_put_cells(struct tree *tree, const char *name, const uint32_t *cells, size_t n);
void tree_put_u16s(struct tree *tree, const char *name, const uint16_t *values, size_t n);
void tree_put_u64(struct tree *tree, const char *name, uint64_t value);
/* `interrupts`: one SPI, level. */
void tree_put_spi(struct tree *tree, uint32_t spi);
/* Address and size, in two cells each. */
void tree_put_reg(struct tree *tree, uint64_t base, uint64_t size);
void tree_put_address_cells(struct tree *tree, uint32_t address, uint32_t size);

/* A list of strings, as a literal with NULs between them. */
#define TREE_PUT_TEXTS(tree, name, literal) tree_put(tree, name, literal, sizeof(literal))
#define TREE_CELLS(...) ((const uint32_t[]){__VA_ARGS__})
#define TREE_PUT_CELLS(tree, name, ...)                 \
    tree_put_cells(tree, name, TREE_CELLS(__VA_ARGS__), \
                   sizeof(TREE_CELLS(__VA_ARGS__)) / sizeof(uint32_t))

/* IAFFID of the n-th vCPU. */
uint32_t tree_vcpu_id(const struct fdt_description *machine, uint32_t n);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* libfdt's sequential writer. */
#include "machine/tree.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <vgic5/device.h>

static void keep(struct tree *tree, int ret)
{
    if (!tree->error)
        tree->error = ret;
}

void tree_open(struct tree *tree, size_t size)
{
    keep(tree, fdt_create(tree->blob, (int)size));
    if (!tree->error)
        keep(tree, fdt_finish_reservemap(tree->blob));
}

void tree_close(struct tree *tree)
{
    if (!tree->error)
        keep(tree, fdt_finish(tree->blob));
}

void tree_begin(struct tree *tree, const char *name)
{
    if (!tree->error)
        keep(tree, fdt_begin_node(tree->blob, name));
}

void tree_begin_named(struct tree *tree, const char *format, ...)
{
    char name[32];
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    tree_begin(tree, name);
}

void tree_end(struct tree *tree)
{
    if (!tree->error)
        keep(tree, fdt_end_node(tree->blob));
}

void tree_put(struct tree *tree, const char *name, const void *value, size_t size)
{
    if (!tree->error)
        keep(tree,
             size > TREE_MAX ? -FDT_ERR_NOSPACE : fdt_property(tree->blob, name, value, (int)size));
}

void tree_put_text(struct tree *tree, const char *name, const char *text)
{
    tree_put(tree, name, text, strlen(text) + 1);
}

/* Room for a property of n values of this size, or NULL. */
static uint8_t *room_for(struct tree *tree, const char *name, size_t n, size_t size)
{
    void *to = NULL;

    if (!tree->error)
        keep(tree, fdt_property_placeholder(tree->blob, name, (int)(n * size), &to));
    return tree->error ? NULL : to;
}

void tree_put_cells(struct tree *tree, const char *name, const uint32_t *cells, size_t n)
{
    uint8_t *to = room_for(tree, name, n, sizeof(*cells));

    for (size_t i = 0; to && i < n; i++)
        fdt32_st(to + i * sizeof(*cells), cells[i]);
}

void tree_put_u16s(struct tree *tree, const char *name, const uint16_t *values, size_t n)
{
    uint8_t *to = room_for(tree, name, n, sizeof(*values));

    for (size_t i = 0; to && i < n; i++) {
        fdt16_t value = cpu_to_fdt16(values[i]);

        memcpy(to + i * sizeof(value), &value, sizeof(value));
    }
}

void tree_put_u64(struct tree *tree, const char *name, uint64_t value)
{
    TREE_PUT_CELLS(tree, name, (uint32_t)(value >> 32), (uint32_t)value);
}

void tree_put_spi(struct tree *tree, uint32_t spi)
{
    TREE_PUT_CELLS(tree, "interrupts", VGIC5_SPI, spi, LEVEL_HIGH);
}

void tree_put_reg(struct tree *tree, uint64_t base, uint64_t size)
{
    TREE_PUT_CELLS(tree, "reg", (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
                   (uint32_t)size);
}

void tree_put_address_cells(struct tree *tree, uint32_t address, uint32_t size)
{
    TREE_PUT_CELLS(tree, "#address-cells", address);
    TREE_PUT_CELLS(tree, "#size-cells", size);
}

uint32_t tree_vcpu_id(const struct fdt_description *machine, uint32_t n)
{
    return machine->vcpu_ids ? machine->vcpu_ids[n] : n;
}

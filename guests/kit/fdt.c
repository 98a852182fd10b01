/* SPDX-License-Identifier: BSD-3-Clause */
/* A walk over the flattened device tree's structure block (Devicetree Specification 0.4, §5.4). */
#include "kit.h"

enum token { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };

#define FDT_MAGIC 0xd00dfeedu
#define ADDRESS_CELLS_DEFAULT 2u

struct walk {
    const uint32_t *at;
    const char *strings;
    uint32_t depth; /* 1 inside the root */
    bool in_cpus, in_cpu, in_chosen;
    uint32_t address_cells; /* of /cpus */
};

static char bootargs[256];

static uint32_t big_endian(uint32_t word)
{
    return __builtin_bswap32(word);
}

static const uint32_t *after_bytes(const uint32_t *at, uint32_t bytes)
{
    return at + (bytes + 3) / 4;
}

static void begin_node(struct walk *w)
{
    const char *name = (const char *)w->at;

    w->depth++;
    if (w->depth == 2) {
        w->in_cpus = string_equal(name, "cpus");
        w->in_chosen = string_equal(name, "chosen");
    }
    w->in_cpu = w->in_cpus && w->depth == 3 && string_starts(name, "cpu@");
    w->at = after_bytes(w->at, (uint32_t)string_length(name) + 1);
}

static void end_node(struct walk *w)
{
    w->depth--;
    w->in_cpu = false;
    if (w->depth < 2)
        w->in_cpus = w->in_chosen = false;
}

/* MPIDR affinity fields; with two cells the first one is Aff3. */
static void add_cpu(struct walk *w, const uint32_t *cells)
{
    uint64_t mpidr = big_endian(cells[0]);

    if (w->address_cells == 2)
        mpidr = mpidr << 32 | big_endian(cells[1]);
    if (nr_cpus < MAX_CPUS)
        cpus[nr_cpus++].mpidr = mpidr;
}

static void property(struct walk *w)
{
    uint32_t length = big_endian(w->at[0]);
    const char *name = w->strings + big_endian(w->at[1]);
    const uint32_t *value = w->at + 2;

    if (w->in_cpus && w->depth == 2 && string_equal(name, "#address-cells"))
        w->address_cells = big_endian(*value);
    else if (w->in_cpu && w->depth == 3 && string_equal(name, "reg"))
        add_cpu(w, value);
    else if (w->in_chosen && w->depth == 2 && string_equal(name, "bootargs"))
        memcpy(bootargs, value, length < sizeof(bootargs) ? length : sizeof(bootargs) - 1);
    w->at = after_bytes(value, length);
}

void fdt_read(const void *fdt)
{
    const uint32_t *header = fdt;
    struct walk w = {.address_cells = ADDRESS_CELLS_DEFAULT};

    if (!fdt || big_endian(header[0]) != FDT_MAGIC)
        panic("x0 = %lx is no device tree", (uint64_t)fdt);
    w.at = (const uint32_t *)((const char *)fdt + big_endian(header[2]));
    w.strings = (const char *)fdt + big_endian(header[3]);
    for (;;) {
        uint32_t token = big_endian(*w.at++);

        if (token == BEGIN_NODE)
            begin_node(&w);
        else if (token == END_NODE)
            end_node(&w);
        else if (token == PROP)
            property(&w);
        else if (token == END)
            return;
        else if (token != NOP)
            panic("device tree: token %x", token);
    }
}

bool bootargs_have(const char *word)
{
    const char *at = bootargs;

    while (*at) {
        size_t n = 0;

        while (at[n] && at[n] != ' ')
            n++;
        if (n == string_length(word) && string_starts(at, word))
            return true;
        at += n;
        while (*at == ' ')
            at++;
    }
    return false;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "migration/ist_guest.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

/* Entries are moved so many at a time; no L2 table has fewer (256 of 16 bytes in 4 KiB). */
#define CHUNK 256u
#define MOST_ENTRY_BYTES 16u

struct table {
    const struct vgic5_port *port;
    uint64_t base;
    uint32_t id_bits;
    uint32_t entry_shift;
    uint32_t l2_bits;
    bool two_level;
};

/* The table is aligned to its size: address bits below that count as zero (gicv5.md §2.2). */
static struct table table_of(const struct vgic5_port *port, const struct vgic5_state *state)
{
    uint64_t cfgr = state->irs[IRS_IST_CFGR_ROW];
    uint32_t istsz = (uint32_t)FIELD_GET(IRS_IST_CFGR_ISTSZ, cfgr);
    struct table table = {
        .port = port,
        .id_bits = (uint32_t)FIELD_GET(IRS_IST_CFGR_LPI_ID_BITS, cfgr),
        .entry_shift = 2 + istsz,
        .l2_bits = 10 - istsz + 2 * (uint32_t)FIELD_GET(IRS_IST_CFGR_L2SZ, cfgr),
        .two_level = FIELD_GET(IRS_IST_CFGR_STRUCTURE, cfgr),
    };
    uint32_t bits = table.id_bits + table.entry_shift;

    if (table.two_level)
        bits = table.id_bits > table.l2_bits ? table.id_bits - table.l2_bits + 3 : 3;
    table.base = state->irs[IRS_IST_BASER_ROW] & FIELD_MASK(IRS_IST_BASER_ADDR);
    table.base &= ~((UINT64_C(1) << bits) - 1);
    return table;
}

/* Where the entry is. 0; -ENXIO: the guest has no table there; -EFAULT. */
static int locate(const struct table *table, uint32_t id, uint64_t *ipa)
{
    uint64_t l2_size = UINT64_C(1) << (table->l2_bits + table->entry_shift);
    uint64_t entry;

    *ipa = table->base + ((uint64_t)id << table->entry_shift);
    if (!table->two_level)
        return 0;
    if (table->port->read_guest(table->port->opaque,
                                table->base + ((uint64_t)(id >> table->l2_bits) << 3), &entry,
                                sizeof(entry)))
        return -EFAULT;
    entry = le64toh(entry);
    if (!FIELD_GET(L1_ISTE_VALID, entry))
        return -ENXIO;
    id &= (1u << table->l2_bits) - 1;
    *ipa = (entry & FIELD_MASK(L1_ISTE_L2_ADDR) & ~(l2_size - 1)) +
           ((uint64_t)id << table->entry_shift);
    return 0;
}

static uint32_t chunk_of(const struct table *table)
{
    return table->id_bits < 8 ? 1u << table->id_bits : CHUNK;
}

static int read_chunk(const struct table *table, uint32_t id, uint32_t *words)
{
    uint8_t bytes[CHUNK * MOST_ENTRY_BYTES];
    uint32_t count = chunk_of(table);
    uint64_t ipa;
    int ret = locate(table, id, &ipa);

    memset(words, 0, count * sizeof(*words));
    if (ret)
        return ret == -ENXIO ? 0 : ret;
    if (table->port->read_guest(table->port->opaque, ipa, bytes,
                                (size_t)count << table->entry_shift))
        return -EFAULT;
    for (uint32_t n = 0; n < count; n++) {
        memcpy(&words[n], bytes + ((size_t)n << table->entry_shift), sizeof(words[n]));
        words[n] = le32toh(words[n]);
    }
    return 0;
}

static bool is_empty(const uint32_t *words, uint32_t count)
{
    uint32_t any = 0;

    for (uint32_t n = 0; n < count; n++)
        any |= words[n];
    return any == 0;
}

/* Bytes beyond an entry's word are the guest's metadata, and stay. */
static int write_chunk(const struct table *table, uint32_t id, const uint32_t *words)
{
    uint8_t bytes[CHUNK * MOST_ENTRY_BYTES];
    uint32_t count = chunk_of(table);
    size_t size = (size_t)count << table->entry_shift;
    const struct vgic5_port *port = table->port;
    uint64_t ipa;
    int ret = locate(table, id, &ipa);

    if (ret)
        return ret == -ENXIO && is_empty(words, count) ? 0 : ret;
    if (port->read_guest(port->opaque, ipa, bytes, size))
        return -EFAULT;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t word = htole32(words[n]);

        memcpy(bytes + ((size_t)n << table->entry_shift), &word, sizeof(word));
    }
    return port->write_guest(port->opaque, ipa, bytes, size) ? -EFAULT : 0;
}

int ist_image_from_guest(const struct vgic5_port *port, const struct vgic5_state *state,
                         uint32_t *image)
{
    struct table table = table_of(port, state);
    size_t total = state_ist_lpis(state);
    int ret = 0;

    for (size_t id = 0; id < total && ret == 0; id += chunk_of(&table))
        ret = read_chunk(&table, (uint32_t)id, image + id);
    for (size_t id = 0; id < total && ret == 0; id++)
        image[id] &= (uint32_t)ISTE_STATE;
    return ret;
}

int ist_guest_is_there(const struct vgic5_port *port, const struct vgic5_state *state)
{
    struct table table = table_of(port, state);
    size_t total = state_ist_lpis(state);
    uint32_t words[CHUNK];
    int ret = 0;

    for (size_t id = 0; id < total && ret == 0; id += chunk_of(&table))
        ret = read_chunk(&table, (uint32_t)id, words);
    return ret;
}

int ist_image_to_guest(const struct vgic5_port *port, const struct vgic5_state *state,
                       const uint32_t *image)
{
    struct table table = table_of(port, state);
    size_t total = state_ist_lpis(state);
    int ret = 0;

    for (size_t id = 0; id < total && ret == 0; id += chunk_of(&table))
        ret = write_chunk(&table, (uint32_t)id, image + id);
    return ret;
}

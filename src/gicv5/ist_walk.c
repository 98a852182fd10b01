/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the entries are in guest memory, and how they are read. */
#include "gicv5/ist.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "facts/fields.h"

#define L1_ENTRY_SHIFT 3u
#define MAX_ENTRY_BYTES 16u

uint32_t ist_block_entries(const struct gicv5 *gic)
{
    return gic->ist.id_bits < BLOCK_BITS ? 1u << gic->ist.id_bits : BLOCK_SIZE;
}

uint32_t ist_nr_blocks(const struct gicv5 *gic)
{
    return gic->ist.id_bits < BLOCK_BITS ? 1u : 1u << (gic->ist.id_bits - BLOCK_BITS);
}

static uint64_t l1_entry_ipa(const struct ist *ist, uint32_t id)
{
    return ist->base + ((uint64_t)(id >> ist->l2_bits) << L1_ENTRY_SHIFT);
}

/* The L2 table's address; bits below its size are taken as zero. */
static uint64_t l2_table_ipa(const struct ist *ist, uint64_t l1_entry)
{
    uint64_t size = UINT64_C(1) << (ist->l2_bits + ist->entry_shift);
    return (l1_entry & FIELD_MASK(L1_ISTE_L2_ADDR)) & ~(size - 1);
}

static enum ist_walk read_l1_entry(struct gicv5 *gic, uint32_t id, uint64_t *entry)
{
    uint64_t raw;
    if (services_read_guest(&gic->services, l1_entry_ipa(&gic->ist, id), &raw, sizeof(raw))) {
        services_complain(&gic->services,
                          "gicv5: an L1 ISTE cannot be read: the LPI is unreachable");
        return IST_WALK_FAULT;
    }
    *entry = le64toh(raw);
    return FIELD_GET(L1_ISTE_VALID, *entry) ? IST_WALK_FOUND : IST_WALK_INVALID;
}

bool ist_read_l1(struct gicv5 *gic, uint32_t number, uint32_t nr, uint64_t *entries)
{
    uint64_t ipa = l1_entry_ipa(&gic->ist, number << BLOCK_BITS);
    if (services_read_guest(&gic->services, ipa, entries, nr * sizeof(*entries)))
        return false;
    for (uint32_t i = 0; i < nr; i++)
        entries[i] = le64toh(entries[i]);
    return true;
}

enum ist_walk ist_locate_in(const struct gicv5 *gic, uint64_t l1_entry, uint32_t number,
                            uint64_t *ipa)
{
    const struct ist *ist = &gic->ist;
    uint32_t index = number << BLOCK_BITS & ((1u << ist->l2_bits) - 1);
    if (!FIELD_GET(L1_ISTE_VALID, l1_entry))
        return IST_WALK_INVALID;
    *ipa = l2_table_ipa(ist, l1_entry) + ((uint64_t)index << ist->entry_shift);
    return IST_WALK_FOUND;
}

enum ist_walk ist_locate(struct gicv5 *gic, uint32_t number, uint64_t *ipa)
{
    const struct ist *ist = &gic->ist;
    uint64_t entry;
    if (ist->two_level) {
        enum ist_walk walk = read_l1_entry(gic, number << BLOCK_BITS, &entry);
        return walk == IST_WALK_FOUND ? ist_locate_in(gic, entry, number, ipa) : walk;
    }
    *ipa = ist->base + ((uint64_t)number << BLOCK_BITS << ist->entry_shift);
    return IST_WALK_FOUND;
}

/* Acts only on an entry that is invalid now, and within the table. */
void ist_map_l2(struct gicv5 *gic, uint32_t id)
{
    const struct ist *ist = &gic->ist;
    uint64_t entry;
    if (!ist->live || !ist->two_level || id >> ist->id_bits ||
        read_l1_entry(gic, id, &entry) != IST_WALK_INVALID)
        return;
    entry = htole64(entry | FIELD_MASK(L1_ISTE_VALID));
    if (services_write_guest(&gic->services, l1_entry_ipa(ist, id), &entry, sizeof(entry)))
        services_complain(&gic->services, "gicv5: an L1 ISTE cannot be written by IRS_MAP_L2_ISTR");
}

bool ist_is_plain(const struct gicv5 *gic)
{
    return gic->ist.entry_shift == 2 && gic->ist.id_bits >= BLOCK_BITS && htole32(1) == 1;
}

static int read_entries(struct gicv5 *gic, uint64_t ipa, uint32_t words[BLOCK_SIZE])
{
    uint8_t bytes[BLOCK_SIZE * MAX_ENTRY_BYTES];
    uint32_t nr = ist_block_entries(gic), shift = gic->ist.entry_shift;
    memset(words, 0, BLOCK_SIZE * sizeof(*words));
    if (services_read_guest(&gic->services, ipa, bytes, (size_t)nr << shift))
        return -EFAULT;
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t word;
        memcpy(&word, bytes + ((size_t)i << shift), sizeof(word));
        words[i] = le32toh(word);
    }
    return 0;
}

int ist_read_words(struct gicv5 *gic, uint64_t ipa, uint32_t words[BLOCK_SIZE])
{
    if (ist_is_plain(gic))
        return services_read_guest(&gic->services, ipa, words, BLOCK_SIZE * sizeof(*words));
    return read_entries(gic, ipa, words);
}

/* Bytes beyond the word are metadata: they stay as they are. */
static int write_entries(struct gicv5 *gic, uint64_t ipa, const uint32_t words[BLOCK_SIZE])
{
    uint8_t bytes[BLOCK_SIZE * MAX_ENTRY_BYTES];
    uint32_t nr = ist_block_entries(gic), shift = gic->ist.entry_shift;
    size_t size = (size_t)nr << shift;
    if (shift > 2 && services_read_guest(&gic->services, ipa, bytes, size))
        return -EFAULT;
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t word = htole32(words[i]);
        memcpy(bytes + ((size_t)i << shift), &word, sizeof(word));
    }
    return services_write_guest(&gic->services, ipa, bytes, size);
}

int ist_write_words(struct gicv5 *gic, uint64_t ipa, const uint32_t words[BLOCK_SIZE])
{
    if (ist_is_plain(gic))
        return services_write_guest(&gic->services, ipa, words, BLOCK_SIZE * sizeof(*words));
    return write_entries(gic, ipa, words);
}

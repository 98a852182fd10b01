/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixed structures of a snapshot file and their limits, as doc/FORMAT.md lays them out. The
 * functions translate between bytes and structs; `check` functions refuse, in words.
 */
#ifndef SNAPSHOT_LAYOUT_H
#define SNAPSHOT_LAYOUT_H

#include <vgic5/snapshot.h>

#include "snapshot/hash.h"

#define FORMAT_MAJOR 1u
#define FORMAT_MINOR 1u

/* FORMAT.md, "Limits": checked before anything is allocated. */
#define MAX_HEADER_SIZE 4096u
#define MAX_PRODUCER 63u
#define MAX_SECTIONS 4096u
#define MAX_MEMORY_SECTIONS 64u
#define MAX_TYPE_NAME 31u
#define MAX_FIELD_NAME 63u
#define MAX_FIELDS 65536u          /* of a section */
#define MAX_FIELDS_IN_ALL 1048576u /* of a file */
#define MAX_PAYLOAD (128ull << 20) /* of a section that is not memory */
#define MAX_PAYLOAD_IN_ALL (256ull << 20)
#define MAX_MEMORY_IN_ALL (1ull << 40) /* guest bytes of all memory sections */
#define MAX_ADDRESS (1ull << 56)

#define PAGE_BYTES VGIC5_PAGE_SIZE
#define FRAME_BYTES VGIC5_FRAME_SIZE
#define PAGES_PER_FRAME (FRAME_BYTES / PAGE_BYTES)

/* ---- File header ----------------------------------------------------------------------------- */

#define HEADER_SIZE 128u
extern const uint8_t header_magic[8];
#define INCOMPATIBLE_INCREMENTAL UINT64_C(1)
#define SECTION_BASE "base" /* of an incremental snapshot: what it builds on */
#define BASE_ROOT "ROOT"
#define BASE_NAME "NAME"

/* A full snapshot is of minor version 0, the least that describes it. */
void header_encode(const char *producer, bool incremental, uint8_t to[HEADER_SIZE]);
/* Magic and checksum; then `header` is filled whatever the version says. */
int header_decode(const uint8_t from[HEADER_SIZE], struct vgic5_snapshot_header *header,
                  struct vgic5_error *error);
/* Whether this reader can read the rest (UNFIT if not). */
int header_check_version(const struct vgic5_snapshot_header *header, struct vgic5_error *error);
bool producer_is_valid(const char *producer);

/* ---- Section header and footer --------------------------------------------------------------- */

#define SECTION_HEADER_SIZE 96u
#define SECTION_FOOTER_SIZE 32u
#define LENGTH_FRAMED UINT64_MAX /* the payload is a run of frames with an index behind it */

enum section_kind { SECTION_TABLE = 0, SECTION_FIELDS = 1, SECTION_MEMORY = 2 };

struct section_head {
    char type[MAX_TYPE_NAME + 1];
    uint64_t instance;
    uint32_t version;
    uint32_t kind;
    bool required;
    uint64_t length;
    uint64_t base, size; /* of memory */
};

void section_head_encode(const struct section_head *head, uint8_t to[SECTION_HEADER_SIZE]);
/* `offset` is for words only. */
int section_head_decode(const uint8_t from[SECTION_HEADER_SIZE], uint64_t offset,
                        struct section_head *head, struct vgic5_error *error);
bool section_type_is_valid(const char *type);
/* What a writer may ask for and a reader believes: names, lengths, addresses within the limits. */
int section_head_check(const struct section_head *head, struct vgic5_error *error);

/* Two sections of one snapshot may neither have the same name nor hold the same memory. */
bool section_head_same_name(const struct section_head *one, const struct section_head *other);
bool section_head_overlap(const struct section_head *one, const struct section_head *other);

struct section_foot {
    uint32_t nr_frames;
    uint64_t total; /* bytes from the section's header to the end of its footer */
    uint8_t hash[SNAPSHOT_HASH_SIZE];
};

#define FOOT_HASHED 16u /* the part of the footer that its hash covers */
void section_foot_encode(const struct section_foot *foot, uint8_t to[SECTION_FOOTER_SIZE]);
bool section_foot_decode(const uint8_t from[SECTION_FOOTER_SIZE], struct section_foot *foot);
/* Fill foot->hash: of the header, the payload (of memory: the index) and the rest of the footer. */
void section_hash(const uint8_t head[SECTION_HEADER_SIZE], const struct hash_part *payload,
                  struct section_foot *foot);

/* ---- Frame records --------------------------------------------------------------------------- */

#define RECORD_SIZE 32u
#define RECORD_HASHED 16u
#define RECORD_INDEX UINT32_MAX /* number of the record whose bytes are the index */

enum frame_encoding { FRAME_RAW = 0, FRAME_ZSTD = 1 };

struct frame_record {
    uint32_t number; /* guest address = section's base + number * 64 KiB */
    uint32_t stored; /* bytes that follow */
    uint16_t data;   /* pages of the frame that the bytes hold, bit 0 first */
    uint16_t zero;   /* pages that became zero since the base snapshot; 0 in a full snapshot */
    uint32_t encoding;
    uint8_t hash[SNAPSHOT_HASH_SIZE]; /* of the 16 bytes before it and the stored bytes */
};

void frame_record_encode(const struct frame_record *record, uint8_t to[RECORD_SIZE]);
void frame_record_decode(const uint8_t from[RECORD_SIZE], struct frame_record *record);

/* The record in front of the index of `count` records. */
void index_record_encode(const uint8_t *index, uint32_t count, uint8_t to[RECORD_SIZE]);

/* ---- Section table and end ------------------------------------------------------------------- */

#define TABLE_ENTRY_SIZE (SECTION_HEADER_SIZE + 8u + 8u + SNAPSHOT_HASH_SIZE)

struct table_entry {
    uint64_t offset;
    uint64_t total;
    uint8_t hash[SNAPSHOT_HASH_SIZE];
};

/* The section's header comes first in its entry, byte for byte. */
void table_entry_encode(const uint8_t head[SECTION_HEADER_SIZE], const struct table_entry *entry,
                        uint8_t to[TABLE_ENTRY_SIZE]);
void table_entry_decode(const uint8_t from[TABLE_ENTRY_SIZE], struct table_entry *entry);
void table_head_encode(uint64_t nr_sections, uint8_t to[SECTION_HEADER_SIZE]);

#define END_SIZE 48u

struct file_end {
    uint64_t table_offset;
    uint64_t file_size;
    uint8_t root[SNAPSHOT_HASH_SIZE];
};

void file_end_encode(const struct file_end *end, uint8_t to[END_SIZE]);
bool file_end_decode(const uint8_t from[END_SIZE], struct file_end *end);
void root_hash(const struct hash_part *header, const uint8_t table_head[SECTION_HEADER_SIZE],
               const struct hash_part *entries, uint8_t root[SNAPSHOT_HASH_SIZE]);

#endif

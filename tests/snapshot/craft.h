/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that the writer would refuse to write, with every hash right: only the rules behind the
 * hashes are left to refuse them. And the hashes of a file whose content was changed, made right.
 */
#ifndef TESTS_SNAPSHOT_CRAFT_H
#define TESTS_SNAPSHOT_CRAFT_H

#include "support.h"

#include "snapshot/layout.h"

struct craft {
    struct buffer file;
    struct buffer table;
};

void craft_begin(struct craft *craft);
/* A section with head->length bytes of payload. */
void craft_payload(struct craft *craft, const struct section_head *head, const void *payload);
/* A memory section of records whose stored bytes are `stored`, `record.stored` bytes of it each. */
void craft_memory(struct craft *craft, const struct section_head *head,
                  const struct frame_record *records, uint32_t count, const uint8_t *stored);
void craft_end(struct craft *craft);
void craft_free(struct craft *craft);

/* Where everything is in a good file. */
struct map_section {
    uint64_t offset, total;
    bool is_memory;
    uint32_t nr_frames;
    uint64_t *frames; /* offsets of the records, one more for the index's */
};
struct map {
    struct map_section *sections;
    size_t nr_sections;
    uint64_t table;
};
void map_file(struct map *map, const struct buffer *file);
void map_free(struct map *map);
/* Make all hashes right, as far as the layout is still that of `map`. */
void reseal(const struct map *map, struct buffer *file);

#endif

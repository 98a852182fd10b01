/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of named fields as bytes (FORMAT.md, "Fields"): one encoding for one list. */
#ifndef SNAPSHOT_FIELDS_H
#define SNAPSHOT_FIELDS_H

#include <vgic5/snapshot.h>

bool field_name_is_valid(const char *name, size_t length);
/* Well-formed UTF-8 without NUL. */
bool field_text_is_valid(const char *text, size_t size);

/* Add a copy of `field`, its name `name_length` bytes long: 0, -EEXIST, -EINVAL, -E2BIG (more than
 * the limits of the format), -ENOMEM. */
int fields_put(struct vgic5_fields *fields, const struct vgic5_field *field, size_t name_length);

/* Size of the encoding, and the encoding itself into that many bytes. */
size_t fields_encoded_size(const struct vgic5_fields *fields);
void fields_encode(const struct vgic5_fields *fields, uint8_t *to);

/* `where` names the section in words, `offset` is that of the first byte in the file. */
int fields_decode(const uint8_t *from, size_t size, const char *where, uint64_t offset,
                  struct vgic5_fields **fields, struct vgic5_error *error);

#endif

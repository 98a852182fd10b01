/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers of KVM's ABI by name, for people. */
#ifndef TOOL_KVM_NAMES_H
#define TOOL_KVM_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAME_SIZE 48u

/* The register of KVM_GET_ONE_REG; "0x…" where it has no name. */
void name_of_register(uint64_t id, char to[NAME_SIZE]);
/* Of an attribute within its group; "0x…" where it has no name. */
void name_of_attribute(uint32_t group, uint64_t attr, char to[NAME_SIZE]);
/* NULL: none. */
const char *name_of_exit(uint32_t reason);
const char *name_of_capability(uint64_t number);

/* "EBUSY" for 16, or NULL; and back, 0: none has this name. */
const char *name_of_errno(int number);
int errno_of_name(const char *name);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The ioctls whose line is their fields: one table. */
#ifndef TOOL_KVM_FIELDS_H
#define TOOL_KVM_FIELDS_H

#include "tool/kvm/event.h"

/* Add the fields of this ioctl; false: it is not in the table. */
bool fields_add(struct event *event);

#endif

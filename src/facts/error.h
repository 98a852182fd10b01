/* SPDX-License-Identifier: BSD-3-Clause */
/* The one place where a refusal is put into words: nobody else writes into a vgic5_error. */
#ifndef FACTS_ERROR_H
#define FACTS_ERROR_H

#include <errno.h>
#include <stdarg.h>

#include <vgic5/error.h>

/* Fills `error` (may be NULL) and returns `result`, a negative errno. */
int error_set(struct vgic5_error *error, enum vgic5_cause cause, int result, const char *format,
              ...) __attribute__((format(printf, 4, 5)));
int error_set_list(struct vgic5_error *error, enum vgic5_cause cause, int result,
                   const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

/* Adds to what `error` (may be NULL) says, or nothing where it does not fit as a whole. */
void error_add(struct vgic5_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What `error` (may be NULL) says stays; somebody else has to do something about it. */
void error_recast(struct vgic5_error *error, enum vgic5_cause cause);

/* `error` (may be NULL) says what `from` says, and stays of its caller's size. */
void error_copy(struct vgic5_error *error, const struct vgic5_error *from);

/* The content is not what was written. */
#define error_damaged(error, ...) error_set(error, VGIC5_CAUSE_DAMAGED, -EBADMSG, __VA_ARGS__)
/* Sound, but not for this reader or target. */
#define error_unfit(error, ...) error_set(error, VGIC5_CAUSE_UNFIT, -ENOTSUP, __VA_ARGS__)
/* The caller broke the contract of the function. */
#define error_misuse(error, ...) error_set(error, VGIC5_CAUSE_BUG, -EINVAL, __VA_ARGS__)
/* A NULL that the header does not allow. */
#define error_absent(error, what) error_misuse(error, "there is no %s", what)
#define error_no_memory(error, for_what) \
    error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM, "no memory for %s", for_what)

/* "EBUSY" for -EBUSY or EBUSY, of those that the contract knows. */
const char *error_name(int errno_value);

#endif

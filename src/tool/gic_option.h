/* SPDX-License-Identifier: BSD-3-Clause */
/* --gic KEY=VALUE,...: what the VGICv5 offers to its guest. */
#ifndef TOOL_GIC_OPTION_H
#define TOOL_GIC_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include <vgic5/device.h>

#include "tool/options.h"

/* Defaults for a NULL text. False after words of `verb` on stderr. */
bool gic_option_parse(enum cli_verb verb, const char *text, struct vgic5_config *config,
                      uint32_t *nr_spis);

/* 0 when there is no generation of the contract of this name. */
uint32_t gic_option_abi(const char *name);

#endif

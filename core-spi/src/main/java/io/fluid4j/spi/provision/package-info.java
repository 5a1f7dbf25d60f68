/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How a router gets further instances of a function, and rid of them. A {@link
 * io.fluid4j.spi.provision.InstanceProvisionerProvider} is found by ServiceLoader when the router starts; the router
 * decides how many instances there should be, an {@link io.fluid4j.spi.provision.InstanceProvisioner} makes it so.
 * Imports the JDK only.
 */
@NullMarked
package io.fluid4j.spi.provision;

import org.jspecify.annotations.NullMarked;

/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.time.Duration;

/**
 * How a drain ended.
 *
 * @param finished requests and tasks after a response that ended in time, since the drain began
 * @param cut requests and tasks that were still going on at the end
 * @param took how long it took
 */
public record DrainResult(int finished, int cut, Duration took) {}

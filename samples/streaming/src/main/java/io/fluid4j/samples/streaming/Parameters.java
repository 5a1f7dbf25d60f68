/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import jakarta.servlet.http.HttpServletRequest;

/** Numbers in the query, held within bounds so that nobody can ask this sample for too much. */
final class Parameters {

    private Parameters() {}

    static int number(HttpServletRequest request, String name, int otherwise, int min, int max) {
        String text = request.getParameter(name);
        if (text == null || text.isEmpty()) {
            return otherwise;
        }
        try {
            return Math.max(min, Math.min(max, Integer.parseInt(text)));
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}

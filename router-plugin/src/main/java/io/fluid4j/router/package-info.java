/** The HTTP front: route, select, dispatch, re-route on nack; admin API and usage. */
@NullMarked
package io.fluid4j.router;

import org.jspecify.annotations.NullMarked;

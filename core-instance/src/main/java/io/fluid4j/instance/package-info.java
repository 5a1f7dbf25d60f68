/** What every container needs, once: dialling routers, health, admission, CPU metering, waitUntil, log shipping. */
@NullMarked
package io.fluid4j.instance;

import org.jspecify.annotations.NullMarked;

/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import io.fluid4j.resolver.client.Json;
import io.fluid4j.resolver.client.RecordJson;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is where in etcd.
 *
 * <pre>
 *  PREFIX/epoch                        which history this is: made once, by whoever comes first
 *  PREFIX/records/ROUTER/FUNCTION      the registration as JSON, with the lease of the router
 * </pre>
 */
record EtcdKeys(String prefix) {

    String epoch() {
        return prefix + "/epoch";
    }

    String records() {
        return prefix + "/records/";
    }

    String router(String router) {
        return records() + router + "/";
    }

    String record(String router, String function) {
        return router(router) + function;
    }

    /** The function of a key of a router. */
    String function(String key) {
        return key.substring(key.lastIndexOf('/') + 1);
    }

    /** A pair of key and value as a registration. */
    static Registration registration(Map<String, @Nullable Object> pair, long epoch) {
        Registration read = RecordJson.registration(Json.parse(EtcdClient.decode(pair.get("value"))));
        return new Registration(
                read.function(),
                read.router(),
                read.deployments(),
                read.ttl(),
                new Revision(epoch, EtcdClient.number(pair, "mod_revision")));
    }

    /** What an event of the watch says. */
    RecordChange change(Map<String, @Nullable Object> event, long epoch) {
        Map<String, @Nullable Object> pair = EtcdClient.object(event.get("kv"));
        if (!"DELETE".equals(event.get("type"))) {
            return RecordChange.put(registration(pair, epoch));
        }
        String key = EtcdClient.decode(pair.get("key"));
        String router = key.substring(records().length(), key.lastIndexOf('/'));
        return RecordChange.gone(function(key), router);
    }
}

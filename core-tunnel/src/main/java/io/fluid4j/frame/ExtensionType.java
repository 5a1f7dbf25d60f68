/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/** Extension types (P-4.3, P-5.20, P-5.22, P-8.4). */
final class ExtensionType {
    static final int INSTANCE_ID = 0x0001;
    static final int FUNCTION = 0x0002;
    static final int DEPLOYMENT = 0x0003;
    static final int REGION = 0x0004;
    static final int ZONE = 0x0005;
    static final int CONTAINER = 0x0006;
    static final int SESSION_GROUP = 0x0007;
    static final int KEY_ID = 0x0008;
    static final int LIFETIME_LEFT = 0x0009;
    static final int CAPACITY = 0x000A;
    static final int MEMORY = 0x000B;
    static final int PROCESSORS = 0x000C;
    static final int AFFINITY_ROUTE = 0x000D;
    static final int ROUTER_ID = 0x000E;
    static final int ROUTERS = 0x000F;
    static final int SOFTWARE = 0x0010;
    static final int TRACE_CONTEXT = 0x0101;
    static final int TLS = 0x0102;
    static final int CLIENT_CERTIFICATES = 0x0103;
    static final int AFFINITY = 0x0104;
    static final int UPGRADE = 0x0105;
    static final int ROUTERS_PASSED = 0x0106;
    static final int ROUTED = 0x0107;
    static final int USAGE = 0x0201;
    /** Critical: who did not know it would send more than was granted. */
    static final int RESPONSE_WINDOW = 0x8101;

    private ExtensionType() {}
}

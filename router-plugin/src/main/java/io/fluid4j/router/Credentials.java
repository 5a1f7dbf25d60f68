/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Hello;
import io.fluid4j.tunnel.Authenticator;
import io.fluid4j.tunnel.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import org.jspecify.annotations.Nullable;

/**
 * Who may dial in, and for which functions (PROTOCOL.md P-4.7). Either one secret for every function, or a file with
 * {@code FUNCTION-PATTERN = SECRET} or {@code FUNCTION-PATTERN = subject:CN=…} lines; several lines for one pattern are
 * all valid, so that secrets can be rotated. A pattern is a function's name in which {@code *} stands for any octets.
 * Immutable, for any thread.
 */
final class Credentials implements Authenticator {

    private static final String SUBJECT = "subject:";

    private record BySecret(String pattern, Secret secret) {}

    private record BySubject(String pattern, LdapName subject) {}

    private final List<BySecret> bySecret;
    private final List<BySubject> bySubject;
    private final List<Secret> secrets;

    private Credentials(List<BySecret> bySecret, List<BySubject> bySubject) {
        this.bySecret = List.copyOf(bySecret);
        this.bySubject = List.copyOf(bySubject);
        List<Secret> all = new ArrayList<>();
        for (BySecret one : bySecret) {
            all.add(one.secret);
        }
        this.secrets = List.copyOf(all);
    }

    /**
     * The credentials of a router.
     *
     * @param secret for every function, or null
     * @param file with credentials for each function, or null
     * @throws IOException when the file cannot be read
     * @throws IllegalArgumentException naming the line that is wrong, never its secret
     */
    static Credentials of(@Nullable String secret, @Nullable Path file) throws IOException {
        List<BySecret> bySecret = new ArrayList<>();
        List<BySubject> bySubject = new ArrayList<>();
        if (secret != null) {
            bySecret.add(new BySecret("*", Secret.of(secret)));
        }
        if (file != null) {
            List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
            for (int i = 0; i < lines.size(); i++) {
                line(lines.get(i).trim(), file + ", line " + (i + 1), bySecret, bySubject);
            }
        }
        return new Credentials(bySecret, bySubject);
    }

    private static void line(String line, String where, List<BySecret> bySecret, List<BySubject> bySubject) {
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        int equals = line.indexOf('=');
        String pattern = equals < 0 ? "" : line.substring(0, equals).trim();
        String value = equals < 0 ? "" : line.substring(equals + 1).trim();
        if (pattern.isEmpty() || value.isEmpty() || !wellFormed(pattern)) {
            throw new IllegalArgumentException(where + ": expected FUNCTION-PATTERN = SECRET or"
                    + " FUNCTION-PATTERN = subject:CN=NAME, a pattern being of a-z, 0-9, dot, dash and *");
        }
        if (!value.startsWith(SUBJECT)) {
            bySecret.add(new BySecret(pattern, Secret.of(value)));
            return;
        }
        try {
            bySubject.add(new BySubject(pattern, new LdapName(value.substring(SUBJECT.length()))));
        } catch (InvalidNameException e) {
            throw new IllegalArgumentException(where + ": the subject is not a distinguished name", e);
        }
    }

    private static boolean wellFormed(String pattern) {
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '*') {
                return false;
            }
        }
        return true;
    }

    /** True when nobody could come in. */
    boolean isEmpty() {
        return bySecret.isEmpty() && bySubject.isEmpty();
    }

    @Override
    public List<Secret> secrets() {
        return secrets;
    }

    @Override
    public boolean acceptsCertificates() {
        return !bySubject.isEmpty();
    }

    @Override
    public Decision decide(Secret proved, Hello hello) {
        for (BySecret one : bySecret) {
            if (one.secret == proved && matches(one.pattern, hello.function())) {
                return Decision.ALLOWED;
            }
        }
        return Decision.UNAUTHORIZED;
    }

    @Override
    public Decision decide(X509Certificate verified, Hello hello) {
        LdapName subject;
        try {
            subject = new LdapName(verified.getSubjectX500Principal().getName());
        } catch (InvalidNameException e) {
            return Decision.UNAUTHENTICATED;
        }
        boolean known = false;
        for (BySubject one : bySubject) {
            // A rule may name only the leading parts, such as CN=shop: all it names must be in the certificate.
            if (subject.getRdns().containsAll(one.subject.getRdns())) {
                known = true;
                if (matches(one.pattern, hello.function())) {
                    return Decision.ALLOWED;
                }
            }
        }
        return known ? Decision.UNAUTHORIZED : Decision.UNAUTHENTICATED;
    }

    /** True when the name fits the pattern, in which * stands for any number of characters. */
    static boolean matches(String pattern, String name) {
        int star = -1;
        int resume = 0;
        int p = 0;
        int n = 0;
        while (n < name.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                resume = n;
            } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
                p++;
                n++;
            } else if (star >= 0) {
                p = star + 1;
                n = ++resume;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }
}

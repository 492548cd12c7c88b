//! Every way to a cluster: programs and files with credentials, the service account of a pod, and proxies.

use super::proxy::{Manner as ProxyManner, Proxy};
use super::server::{ApiServer, Manner, TOKEN};
use super::{PLANTED, kubeconfig, objects, root};
use crate::cluster::objects::{List, Pod};
use crate::cluster::resources::PODS;
use crate::cluster::{Access, Cluster, OwnPod, Proxies, Query};
use std::fs::write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The pods of the server.
const NUMBER: usize = 3;

fn server() -> ApiServer {
    let pod = |number: usize| format!(r#"{{"kind":"Pod","metadata":{{"name":"a{number}","namespace":"shop"}}}}"#);
    let pods: Vec<String> = (0..NUMBER).map(pod).collect();
    ApiServer::start(objects(&pods.join("\n")), Manner::default())
}

fn authority() -> PathBuf {
    root().join("testdata/cluster/tls/ca.pem")
}

/// The pods that a cluster lists.
fn listed(cluster: &Cluster) -> Result<usize, String> {
    let read = cluster.list(&Query::all(PODS, None), |number: &mut usize, text| {
        let page: List<Pod<'_>> = serde_json::from_str(text)?;
        *number += page.items.len();
        Ok(page.metadata)
    });
    read.map(|(number, _)| number).map_err(|failure| failure.text)
}

/// The pods that are listed by some way; what is wrong with it, in which no secret may be.
fn reached(access: &Access) -> Result<usize, String> {
    let read = Cluster::connect(access).map_err(|error| error.to_string()).and_then(|cluster| listed(&cluster));
    if let Err(text) = &read {
        assert!(PLANTED.iter().all(|planted| !text.contains(planted)), "it shows a secret: {text}");
    }
    read
}

/// A kubeconfig in a folder of its own.
fn written(text: &str) -> (TempDir, Access) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    write(&path, text).expect("the file can be written");
    (folder, Access { kubeconfig: Some(path), ..Access::default() })
}

/// The pods that a user lists.
fn as_user(server: &ApiServer, user: &str) -> Result<usize, String> {
    let (_folder, access) = written(&kubeconfig(&server.address, &authority(), user));
    reached(&Access {
        patience: Some(Duration::from_millis(if user.contains("sleep") { 300 } else { 60_000 })),
        ..access
    })
}

/// A user whose credentials a shell prints. `more` are other fields of `exec`.
#[cfg(unix)]
fn printing(script: &str, more: &str) -> String {
    let script = script.replace('\'', "''");
    format!("{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, '{script}']{more}}}}}")
}

#[cfg(unix)]
fn credential(status: &str) -> String {
    format!("echo '{{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\"{status}}}'")
}

#[cfg(unix)]
#[test]
fn programs_print_credentials() {
    let server = server();
    let token = |token: &str, more: &str| credential(&format!(", \"status\": {{\"token\": \"{token}\"{more}}}"));
    let good = token(TOKEN, "");
    assert_eq!(as_user(&server, &printing(&good, "")), Ok(NUMBER));
    assert_eq!(as_user(&server, &printing(&good, ", interactiveMode: IfAvailable")), Ok(NUMBER));
    // What it is told: nobody can be asked, and which cluster it is for.
    let told = format!(
        "case $KUBERNETES_EXEC_INFO in *'\"interactive\":false'*{}*) test $A = b && {good};; esac",
        server.address
    );
    let more = ", env: [{name: A, value: b}], provideClusterInfo: true, interactiveMode: IfAvailable";
    assert_eq!(as_user(&server, &printing(&told, more)), Ok(NUMBER));
    // The first credentials have expired when they are used, and the next ones are good.
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("ran").display().to_string();
    let expires = |year: u16| format!(", \"expirationTimestamp\": \"{year}-01-01T00:00:00Z\"");
    let renewed = format!(
        "echo >> {mark}; if test -e {mark}.served; then {}; else {}; touch {mark}.served; fi",
        token(TOKEN, &expires(2999)),
        token("Pl4nt-Xy-old", &expires(2001)),
    );
    assert_eq!(as_user(&server, &printing(&renewed, "")), Ok(NUMBER));
    let wrong = [
        (printing("echo Pl4nt-Xy; exit 3", ""), "the program \"sh\" that the kubeconfig names failed (exit status: 3); run it to see why"),
        (
            printing("exec sleep 20", ""),
            "the program \"sh\" that the kubeconfig names does not end within 0 s; run it to see what it waits for",
        ),
        (printing("echo Pl4nt-Xy", ""), "printed no ExecCredential"),
        (printing(&credential(""), ""), "printed no ExecCredential"),
        (printing(&token("a\\u0001b", ""), ""), "printed a token with several lines, or with control characters"),
        (printing(&token(TOKEN, ", \"expirationTimestamp\": \"Pl4nt\""), ""), "an expirationTimestamp that is not a time"),
        (printing(&token("Pl4nt-Xy-other", ""), ""), "does not accept the credentials that the program \"sh\" prints (401 Unauthorized): log in again with sh"),
        (printing(&good, ", interactiveMode: Always"), "are asked for on a terminal (interactiveMode: Always), and stdin is none"),
        (
            "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-login}}".to_owned(),
            "the program \"no-such-login\" that the kubeconfig names does not start: No such file or directory (os error 2); install it, or log in another way",
        ),
        (
            "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-login, installHint: 'get it at corp.example/login'}}".to_owned(),
            "(os error 2); the kubeconfig says how to install it: get it at corp.example/login",
        ),
    ];
    for (user, expected) in wrong {
        let told = as_user(&server, &user).expect_err(&user);
        assert!(told.contains(expected), "{told}\n{expected}");
    }
}

#[test]
fn what_kubectl_renews_is_told() {
    let server = server();
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("ran");
    let provider = |name: &str, config: &str| format!("{{auth-provider: {{name: {name}, config: {{{config}}}}}}}");
    assert_eq!(as_user(&server, &provider("oidc", &format!("id-token: {TOKEN}"))), Ok(NUMBER));
    let cmd = format!("cmd-path: touch, cmd-args: '{}'", mark.display());
    for (user, expected) in [
        (
            provider("oidc", "id-token: Pl4nt-Xy-old, refresh-token: Pl4nt-Xy"),
            "does not accept the id-token of auth-provider oidc in the kubeconfig (401 Unauthorized): it may have expired; airtight does \
             not renew it, but any command of kubectl does, such as kubectl get namespaces",
        ),
        (
            provider("oidc", "refresh-token: Pl4nt-Xy"),
            "no id-token for its auth-provider oidc: airtight does not renew it",
        ),
        (
            provider("gcp", &cmd),
            "auth-provider \"gcp\", which kubectl does not have any more: log in with the program gke-gcloud-auth-plugin",
        ),
        (provider("azure", ""), "log in with the program kubelogin"),
        (provider("other", ""), "auth-provider \"other\", which kubectl does not have any more"),
    ] {
        let told = as_user(&server, &user).expect_err(&user);
        assert!(told.contains(expected), "{told}\n{expected}");
    }
    assert!(!mark.exists(), "it ran a program");
}

#[test]
fn a_token_in_a_file_may_change() {
    let server = server();
    // Its path is relative to the kubeconfig.
    let (folder, access) = written(&kubeconfig(&server.address, &authority(), "{tokenFile: token}"));
    let file = folder.path().join("token");
    let told = reached(&access).expect_err("there is no file");
    assert!(told.starts_with("the token cannot be read"), "{told}");
    write(&file, format!("{TOKEN}\n")).expect("a file");
    let cluster = Cluster::connect(&access).expect("a cluster");
    assert_eq!(listed(&cluster), Ok(NUMBER));
    write(&file, "Pl4nt-Xy-expired\n").expect("a file");
    let told = listed(&cluster).expect_err("another token");
    assert!(told.contains("does not accept the token in ") && !told.contains("Pl4nt"), "{told}");
    write(&file, TOKEN).expect("a file");
    assert_eq!(listed(&cluster), Ok(NUMBER));
    // The last one counts while the next one is written, or if the file is gone.
    write(&file, "").expect("a file");
    assert_eq!(listed(&cluster), Ok(NUMBER));
    std::fs::remove_file(&file).expect("it is there");
    assert_eq!(listed(&cluster), Ok(NUMBER));
    write(&file, "Pl4nt\nPl4nt").expect("a file");
    let told = listed(&cluster).expect_err("two lines");
    assert!(
        told.ends_with(" is not a token: it has several lines, or control characters") && !told.contains("Pl4nt"),
        "{told}"
    );
    // With both, the file counts if it can be read.
    let both = |file: &Path| as_user(&server, &format!("{{token: {TOKEN}, tokenFile: '{}'}}", file.display()));
    assert_eq!(both(&folder.path().join("missing")), Ok(NUMBER));
    assert!(both(&file).is_err());
}

#[test]
fn a_pod_has_a_service_account() {
    let server = server();
    let folder = tempfile::tempdir().expect("a folder");
    let (host, port) = server.address.split_once(':').expect("a port");
    let with = |host: &str, port: &str| Access {
        pod: Some(OwnPod { host: host.to_owned(), port: port.to_owned(), account: folder.path().to_owned() }),
        home: Some(folder.path().to_owned()),
        ..Access::default()
    };
    let access = with(host, port);
    let told = reached(&access).expect_err("no token");
    assert!(
        told.starts_with("there is no kubeconfig, and this pod has no service account (automountServiceAccountToken)"),
        "{told}"
    );
    write(folder.path().join("token"), TOKEN).expect("a file");
    let told = reached(&access).expect_err("no authority");
    assert!(told.contains("ca.crt"), "{told}");
    write(folder.path().join("ca.crt"), "no certificate").expect("a file");
    let told = reached(&access).expect_err("no authority");
    assert!(told.contains("ca.crt"), "{told}");
    let other = std::fs::read(root().join("testdata/cluster/tls/other-ca.pem")).expect("a file");
    write(folder.path().join("ca.crt"), other).expect("a file");
    let told = reached(&access).expect_err("another authority");
    assert!(told.contains("certificate of ") && told.contains(" is not accepted"), "{told}");
    write(folder.path().join("ca.crt"), std::fs::read(authority()).expect("a file")).expect("a file");
    assert_eq!(reached(&access), Ok(NUMBER));
    assert!(server.state().log.iter().any(|request| request.contains("/api/v1/pods")));
    write(folder.path().join("token"), "Pl4nt-Xy-other").expect("a file");
    let told = reached(&access).expect_err("another token");
    assert!(
        told.contains(
            "does not accept the token of the service account (401 Unauthorized): check that the service account"
        ),
        "{told}"
    );
    let told = reached(&with("a b", port)).expect_err("no address");
    assert!(told.contains("are not the address of an API server"), "{told}");
    assert!(reached(&with(host, "http")).is_err());
    // A context is one of a kubeconfig.
    for none in [Access { context: Some("test".to_owned()), ..access }, Access::default()] {
        let told = reached(&none).expect_err("nothing");
        assert!(told.starts_with("there is no kubeconfig: name one with --kubeconfig or KUBECONFIG"), "{told}");
    }
}

/// A cluster whose name only the proxy knows.
const FAR: &str = "api.corp.example:6443";

#[test]
fn a_cluster_is_reached_through_a_proxy() {
    let server = server();
    // 0.0.0.0 leads to this machine, and is not one of the addresses that are always reached directly.
    let near = server.address.replace("127.0.0.1", "0.0.0.0");
    let through = |cluster: &str, own: &str, https: String, none: &str| {
        let text = kubeconfig(cluster, &authority(), &format!("{{token: {TOKEN}}}"));
        let own = if own.is_empty() { String::new() } else { format!(", proxy-url: '{own}'") };
        let text = text
            .replace("certificate-authority: ", &format!("tls-server-name: localhost{own}, certificate-authority: "));
        let (_folder, access) = written(&text);
        reached(&Access { proxies: Proxies { https, none: none.to_owned() }, ..access })
    };
    let plain = Proxy::start(&server.address, ProxyManner::Tunnels);
    let http = format!("http://{}", plain.address);
    assert_eq!(through(FAR, "", http.clone(), ""), Ok(NUMBER));
    assert_eq!(plain.requests(), [format!("CONNECT {FAR}")]);
    // Without a scheme, as curl takes it.
    assert_eq!(through(FAR, "", plain.address.clone(), "corp,example.org,10.0.0.0/8"), Ok(NUMBER));
    assert_eq!(through(&near, "", http.clone(), ""), Ok(NUMBER));
    assert_eq!(plain.requests().len(), 3);
    let port = near.split_once(':').expect("a port").1;
    for none in ["0.0.0.0", "a.example, 0.0.0.0/8", "*", &format!("0.0.0.0:{port}")] {
        assert_eq!(through(&near, "", http.clone(), none), Ok(NUMBER), "{none}");
        assert_eq!(plain.requests().len(), 3, "{none} is not asked");
    }
    assert_eq!(through(&near, "", http.clone(), "0.0.0.0:1"), Ok(NUMBER));
    // What is on this machine is reached directly, as Go does.
    assert_eq!(through(&server.address, "", "http://127.0.0.1:1".to_owned(), ""), Ok(NUMBER));
    // That of the kubeconfig comes first.
    assert_eq!(through(FAR, &http, "http://127.0.0.1:1".to_owned(), "*"), Ok(NUMBER));
    assert_eq!(plain.requests().len(), 5);
    let asking = Proxy::start(&server.address, ProxyManner::Asks("me:Pl4nt@Xy"));
    assert_eq!(through(FAR, "", format!("http://me:Pl4nt%40Xy@{}", asking.address), ""), Ok(NUMBER));
    let wrong = [
        (format!("http://{}", asking.address), "proxy authorization required"),
        (format!("http://me:Pl4nt-Xy@{}", asking.address), "proxy authorization required"),
        ("http://me:Pl4nt-Xy@127.0.0.1:1".to_owned(), "Connection refused"),
        (
            format!("http://me:Pl4nt-Xy@{}", Proxy::start("", ProxyManner::Refuses(403)).address),
            "tunnel error: unsuccessful",
        ),
        (format!("http://me:Pl4nt-Xy@{}", Proxy::start("", ProxyManner::Closes).address), "tunnel error"),
        ("ftp://me:Pl4nt-Xy@proxy".to_owned(), "only proxies with http://, https:// and socks5:// can be used"),
        ("socks5://me:Pl4nt-Xy@proxy".to_owned(), "a SOCKS proxy with a user cannot be used"),
    ];
    for (url, expected) in wrong {
        let told = through(FAR, "", url.clone(), "").expect_err(&url);
        assert!(told.contains(expected), "{url}: {told}");
        let told = through(FAR, &url, String::new(), "").expect_err(&url);
        assert!(told.contains(expected), "{url}: {told}");
    }
    // A URL that is none does not matter where no proxy is asked.
    assert_eq!(through(&server.address, "", "ftp://me:Pl4nt-Xy@proxy".to_owned(), ""), Ok(NUMBER));
}

/// A kubeconfig that cannot be read is not quoted: it has tokens.
#[test]
fn a_broken_kubeconfig_is_not_quoted() {
    let text = kubeconfig("127.0.0.1:1", &authority(), "{token: Pl4nt-Xy}");
    let broken = [
        text.replace("token: Pl4nt-Xy}", "token: Pl4nt-Xy"),
        text.replace("{token: Pl4nt-Xy}", "{token: [Pl4nt-Xy]}"),
        text.replace("{token: Pl4nt-Xy}", "Pl4nt-Xy"),
        text.replace("{token: Pl4nt-Xy}", "{client-certificate-data: Pl4nt-Xy, client-key-data: Pl4nt-Xy}"),
        text.replace("{token: Pl4nt-Xy}", "{token: \"Pl4nt-Xy\\n\"}"),
    ];
    for text in broken {
        let (_folder, access) = written(&text);
        assert!(reached(&access).is_err(), "{text}");
    }
}

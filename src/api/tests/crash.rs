//! Lists right after a crash: what the archive has already, what waits for it again, what runs.

use super::{Server, lists::archive_all, lists::start, lists::walk, models};
use std::path::Path;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("an entry");
        // A segment that is being prepared gets its name meanwhile; nothing stands in it yet.
        drop(std::fs::copy(entry.path(), to.join(entry.file_name())));
    }
}

async fn cancel(server: &Server, id: &str) {
    let told = server.ask(&format!("DELETE /instances/{id}"), "").await;
    assert_eq!(told.status, 204, "{}", told.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_lists_and_totals_have_each_instance_and_task_once() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    let keys: Vec<String> = (0..40).map(|n| format!("k{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut ids = start(&server, &keys).await;
    for id in &ids[..20] {
        cancel(&server, id).await;
    }
    archive_all(&server).await;
    let left = tempfile::tempdir().expect("a directory");
    let (engine, history) = (server.state.engine.clone(), left.path().join("history.db"));
    let copied = tokio::task::spawn_blocking(move || engine.archiver.archive.copy_to(&history));
    copied.await.expect("no panic").expect("an archive");
    for id in &ids[20..30] {
        cancel(&server, id).await;
    }
    for directory in ["journal", "snapshots"] {
        let from = server.state.config.data.join(directory);
        copy(&from, &left.path().join(directory));
    }

    let survivor = Server::with(|config| config.data = left.path().to_owned()).await;
    assert!(survivor.state.engine.archiver.backlog() <= 10);
    ids.sort();
    for limit in [1, 7, 1000] {
        for list in ["/instances?state=any", "/tasks?state=any"] {
            let told = survivor
                .ask(&format!("GET {list}&limit=1&total=exact"), "")
                .await;
            let text = told.text();
            assert!(text.contains("\"total\":40"), "{list}: {text}");
            let found = walk(&survivor, &format!("{list}&limit={limit}")).await;
            let mut roots: Vec<&str> = found.iter().map(|id| &id[..32]).collect();
            roots.sort_unstable();
            assert_eq!(roots, ids, "{list} in pages of {limit}");
        }
    }
    archive_all(&survivor).await;
    let told = survivor.ask("GET /instances?state=ended&limit=1", "").await;
    assert!(told.text().contains("\"total\":30"), "{}", told.text());
    survivor.stop().await;
    server.stop().await;
}

//! Which files are opened, and which are refused.

use super::*;

#[tokio::test]
async fn one_file_has_one_switch() {
    let house = House::new();
    let first = house.open();
    let refused = SqliteStore::open(&house.path(), sealer(1)).map(|_| ());
    assert_eq!(refused, Err(OpenError::InUse));
    #[cfg(unix)]
    {
        let link = house.folder.path().join("link.db");
        std::os::unix::fs::symlink(house.path(), &link).unwrap();
        assert_eq!(SqliteStore::open(&link, sealer(1)).map(|_| ()), Err(OpenError::InUse), "by another path");
        let second_name = house.folder.path().join("hard.db");
        std::fs::hard_link(house.path(), &second_name).unwrap();
        let refused = SqliteStore::open(&second_name, sealer(1)).map(|_| ());
        assert!(matches!(&refused, Err(OpenError::File(why)) if why.contains("hard link")), "{refused:?}");
        std::fs::remove_file(second_name).unwrap();
    }
    first.close();
    let second = house.open();
    second.check().await.unwrap();
}

/// Its flags stand in `.cargo/config.toml`. One of them it does not tell of, `HAVE_FDATASYNC`, stands beside this one.
#[test]
fn the_engine_is_compiled_as_the_repository_says() {
    let house = House::new();
    drop(house.open());
    let connection = house.look_inside();
    let mut statement = connection.prepare("SELECT compile_options FROM pragma_compile_options").unwrap();
    let options: Result<Vec<String>, _> = statement.query_map((), |row| row.get(0)).unwrap().collect();
    let options = options.unwrap();
    assert!(options.iter().any(|option| option == "DEFAULT_MEMSTATUS=0"), "{options:?}");
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let house = House::new();
    drop(house.open());
    house.look_inside().pragma_update(None, "user_version", 99).unwrap();
    let expect = OpenError::Newer { found: 99, known: 6 };
    assert_eq!(SqliteStore::open(&house.path(), sealer(1)).map(|_| ()), Err(expect.clone()));
    assert_eq!(SqliteStore::open_read_only(&house.path(), sealer(1)).map(|_| ()), Err(expect));
}

#[test]
fn a_reader_does_not_bring_a_store_up_to_date() {
    let house = House::new();
    drop(house.open());
    house.look_inside().pragma_update(None, "user_version", 0).unwrap();
    let refused = SqliteStore::open_read_only(&house.path(), sealer(1)).map(|_| ());
    assert_eq!(refused, Err(OpenError::Older { found: 0, known: 6 }));
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_was() {
    let house = House::new();
    let make_other_database = |path: &Path| {
        Connection::open(path).unwrap().execute_batch("CREATE TABLE letters (text TEXT)").unwrap();
    };
    let make_text = |path: &Path| std::fs::write(path, "Dear customer,\n".repeat(100)).unwrap();
    for (name, make) in [("other.db", &make_other_database as &dyn Fn(&Path)), ("letter.txt", &make_text)] {
        let path = house.folder.path().join(name);
        make(&path);
        let before = std::fs::read(&path).unwrap();
        assert_eq!(SqliteStore::open(&path, sealer(1)).map(|_| ()), Err(OpenError::NotAStore), "{name}");
        assert_eq!(SqliteStore::open_read_only(&path, sealer(1)).map(|_| ()), Err(OpenError::NotAStore), "{name}");
        assert!(std::fs::read(&path).unwrap() == before, "{name}");
    }
}

#[test]
fn a_path_that_cannot_be_reached_is_refused() {
    let house = House::new();
    let nowhere = house.folder.path().join("no such folder").join("store.db");
    assert!(matches!(SqliteStore::open(&nowhere, sealer(1)), Err(OpenError::File(_))));
    assert!(SqliteStore::open_read_only(&house.path(), sealer(1)).is_err(), "a reader makes no file");
    assert!(!house.path().exists());
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;

    let house = House::new();
    let store = house.open();
    store.check().await.unwrap();
    for file in std::fs::read_dir(house.folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", file.path());
    }
}

#[tokio::test]
async fn closing_leaves_one_whole_file() {
    let house = House::new();
    let store = house.open();
    let known = open_new(&store, &key(1)).await;
    assert_eq!(store.find(&key(1)).await, Ok(Some(known)));
    store.close();
    let mut names: Vec<_> =
        std::fs::read_dir(house.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.lock"]);
}

#[tokio::test]
async fn the_log_stays_short_while_commits_keep_coming() {
    let house = House::new();
    let limits = Limits { part: 8, long: 32 };
    let store = SqliteStore::open_with(&house.path(), sealer(1), limits).unwrap();
    for id in 0..400 {
        open_new(&store, &key(id)).await;
    }
    let log = house.folder.path().join("store.db-wal").metadata().unwrap().len() / 8192;
    assert!(log < 400, "at least 1,200 pages were written, and the log has {log}");
    assert!(store.figures().log_pages < 400);
}

#[tokio::test]
async fn what_a_killed_switch_left_is_read_by_whoever_comes_first() {
    let house = House::new();
    let store = house.open();
    let traces = story::leave_traces(&store).await;
    let known = open_new(&store, &key(1)).await;
    // File and log as they are between two commits: what a kill leaves behind.
    let left = House::new();
    for name in ["store.db", "store.db-wal"] {
        std::fs::copy(house.folder.path().join(name), left.folder.path().join(name)).unwrap();
    }
    let reader = SqliteStore::open_read_only(&left.path(), sealer(1)).unwrap();
    assert_eq!(reader.find(&key(1)).await, Ok(Some(known)));
    reader.close();
    story::find_traces(&left.open(), &traces).await;
}
